// The URL is the state, and the keyboard is enough.
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures.ts";

const url = "/notebooks?ns=research-vision";

function row(page: Page, name: string) {
  return page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
}

test("a filter, a chip and a sort are in the URL and survive a reload", async ({ as }) => {
  const page = await as("alice");
  await page.goto(url);
  await expect(row(page, "data-prep")).toBeVisible();
  await page.getByRole("searchbox", { name: /Filter/ }).fill("pytorch");
  await expect(row(page, "data-prep")).toHaveCount(0);
  await expect(page).toHaveURL(/q=pytorch/);
  await page.getByRole("columnheader", { name: "Memory" }).getByRole("button").click();
  await expect(page).toHaveURL(/sort=/);
  await page.reload();
  await expect(page.getByRole("searchbox", { name: /Filter/ })).toHaveValue("pytorch");
  await expect(row(page, "bert-finetune")).toBeVisible();
  await expect(row(page, "data-prep")).toHaveCount(0);
});

test("a filter that nothing matches says so and offers the way back", async ({ as }) => {
  const page = await as("alice");
  await page.goto(`${url}&q=zzzz`);
  await expect(page.getByText(/No notebook/i).first()).toBeVisible();
  await page.getByRole("button", { name: /clear/i }).click();
  await expect(row(page, "data-prep")).toBeVisible();
});

test("back goes from a notebook's tab to the list as it was", async ({ as }) => {
  const page = await as("alice");
  await page.goto(`${url}&q=data`);
  await page.getByRole("link", { name: "data-prep", exact: true }).click();
  await expect(page.getByRole("heading", { name: "data-prep", level: 1 })).toBeVisible();
  await page.getByRole("tab", { name: /^Events/ }).click();
  await expect(page).toHaveURL(/tab=events/);
  await page.goBack();
  await expect(page).toHaveURL(/\/notebooks(\/data-prep)?\?/);
  await page.goto(`${url}&q=data`);
  await expect(page.getByRole("searchbox", { name: /Filter/ })).toHaveValue("data");
});

test("back and reload find the list where it was scrolled", async ({ as }) => {
  const page = await as("alice", { height: 420 });
  await page.goto(url);
  await expect(row(page, "bert-finetune")).toBeVisible();
  const grid = page.getByRole("grid");
  const top = () => grid.evaluate((room) => room.scrollTop);
  const far = 120;
  await grid.evaluate((room, y) => room.scrollTo(0, y), far);
  await page.getByRole("link", { name: "r-analysis", exact: true }).click();
  await expect(page.getByRole("heading", { name: "r-analysis", level: 1 })).toBeFocused();
  await page.goBack();
  await expect(page.getByRole("heading", { name: "Notebooks", level: 1 })).toBeFocused();
  await expect.poll(top).toBe(far);
  await page.reload();
  await expect(grid).toBeVisible();
  await expect.poll(top).toBe(far);
});

test("a link is followed in the page, and with Ctrl in a tab of its own", async ({ as }) => {
  const page = await as("alice");
  await page.goto(url);
  const link = page.getByRole("link", { name: "data-prep", exact: true });
  const opened = page.context().waitForEvent("page");
  await link.click({ modifiers: ["Control"] });
  await (await opened).close();
  await expect(page.getByRole("heading", { name: "Notebooks", level: 1 })).toBeVisible();
  await page.evaluate(() => Object.assign(window, { same: true }));
  await link.click();
  await expect(page.getByRole("heading", { name: "data-prep", level: 1 })).toBeVisible();
  await expect(page).toHaveTitle(/data-prep/);
  expect(await page.evaluate(() => "same" in window)).toBe(true);
  await expect(page.getByRole("link", { name: /^Notebooks/ }).first()).toHaveAttribute("aria-current", "page");
});

test("the keyboard alone reaches a notebook", async ({ as }) => {
  const page = await as("alice");
  await page.goto(url);
  await expect(row(page, "data-prep")).toBeVisible();
  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox", { name: /Filter/ })).toBeFocused();
  await page.keyboard.type("vision-train");
  await expect(row(page, "data-prep")).toHaveCount(0);
  await row(page, "vision-train-01").getByRole("link", { name: "vision-train-01" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "vision-train-01", level: 1 })).toBeVisible();
});

test("the palette goes to another namespace's notebooks", async ({ as }) => {
  const page = await as("alice");
  await page.goto(url);
  await expect(row(page, "data-prep")).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("research-nlp");
  await page.getByRole("option", { name: /research-nlp/ }).first().click();
  await expect(page).toHaveURL(/ns=research-nlp/);
});

test("the namespace picker searches and remembers", async ({ as }) => {
  const page = await as("alice");
  await page.goto(url);
  await page.getByRole("button", { name: /^Namespace/ }).click();
  await page.getByRole("combobox").fill("nlp");
  await page.getByRole("option", { name: /research-nlp/ }).click();
  await expect(page).toHaveURL(/ns=research-nlp/);
  await page.goto("/notebooks");
  await expect(page).toHaveURL(/ns=research-nlp/);
});

test("an address that leads nowhere says so", async ({ as }) => {
  const page = await as("alice");
  await page.goto("/nowhere");
  await expect(page.getByRole("main")).toContainText(/nothing|not found/i);
});

test("a theme that was chosen stays", async ({ as }) => {
  const page = await as("alice");
  await page.goto(url);
  await page.getByRole("button", { name: /alice@example.com: theme/ }).click();
  await page.getByRole("menuitem", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

// What the page says and keeps when the way to the cluster breaks.
import type { Page } from "@playwright/test";
import { accessible, expect, test } from "./fixtures.ts";
import type { Fault } from "./gateway.ts";

const url = "/notebooks?ns=research-vision";

function row(page: Page, name: string) {
  return page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
}

function connection(page: Page) {
  return page.getByRole("main").getByRole("status").first();
}

test("rows stay while the gateway is gone, and everything goes on by itself when it is back", async ({ as, gateway, expected }) => {
  test.slow();
  expected.console.push(/ERR_|WebSocket|Failed to load resource/);
  const page = await as("alice");
  await page.goto(url);
  await expect(connection(page)).toHaveText(/Live/);
  await gateway.kill();
  await expect(connection(page)).toHaveText(/Reconnecting|Offline/, { timeout: 20_000 });
  await expect(row(page, "data-prep")).toBeVisible();
  await gateway.restart();
  // The first of the watches to come back brings the others, but it may wait for up to a minute.
  await expect(connection(page)).toHaveText(/Live/, { timeout: 75_000 });
  const patch = { metadata: { annotations: { "kubeflow-resource-stopped": "2026-11-24T09:00:00Z" } } };
  await gateway.admin("PATCH", "/apis/kubeflow.org/v1/namespaces/research-vision/notebooks/tokenizer-dev", patch, "application/merge-patch+json");
  await expect(row(page, "tokenizer-dev")).toContainText(/Stopp/, { timeout: 30_000 });
  const again = { metadata: { annotations: { "kubeflow-resource-stopped": null } } };
  await gateway.admin("PATCH", "/apis/kubeflow.org/v1/namespaces/research-vision/notebooks/tokenizer-dev", again, "application/merge-patch+json");
});

// Each with the change that is made afterwards, and the words that show that it arrived.
const start = { change: null, seen: /Starting|Running/ };
const stop = { change: "2026-11-20T09:00:00Z", seen: /Stopp/ };
const faults: { answer: Fault["answer"]; change: string | null; seen: RegExp }[] = [
  { answer: "410", ...stop },
  { answer: "410-event", ...start },
  { answer: "429", ...stop },
  { answer: "500", ...start },
  { answer: "html", ...stop },
  { answer: "half-frame", ...start },
  { answer: "close", ...stop },
];
for (const { answer, change, seen } of faults) {
  test(`a watch that is answered with ${answer} recovers, rows on screen`, async ({ as, gateway, expected }) => {
    expected.console.push(/Failed to load resource|WebSocket/);
    await gateway.fault({ path_contains: "/notebooks", times: 2, answer });
    const page = await as("alice");
    await page.goto(url);
    await expect(row(page, "data-prep")).toBeVisible({ timeout: 30_000 });
    await expect(connection(page)).toHaveText(/Live/, { timeout: 30_000 });
    await gateway.admin("PATCH", "/apis/kubeflow.org/v1/namespaces/research-vision/notebooks/r-analysis", { metadata: { annotations: { "kubeflow-resource-stopped": change } } }, "application/merge-patch+json");
    await expect(row(page, "r-analysis")).toContainText(seen, { timeout: 30_000 });
  });
}

test("the banner says why nothing comes, and its button brings it", async ({ as, gateway, expected }) => {
  expected.console.push(/Failed to load resource/);
  const page = await as("alice");
  // The controllers ask for all namespaces' notebooks, or for one: the list of one namespace is the page's alone.
  await gateway.fault({ path_contains: "research-nlp/notebooks?", times: 8, answer: "500" });
  await page.goto("/notebooks?ns=research-nlp");
  await expect(page.getByText(/No news from the cluster since .*an error that a test asked for/)).toBeVisible({ timeout: 30_000 });
  await accessible(page);
  await expect(async () => {
    if (await connection(page).filter({ hasText: "Reconnecting" }).isVisible()) await page.getByRole("button", { name: "Try now" }).click({ timeout: 1_000 });
    await expect(connection(page)).toHaveText(/Live/, { timeout: 1_000 });
  }).toPass();
});

test("a page whose code cannot be fetched says so, and comes when it can", async ({ as, expected }) => {
  expected.console.push(/ERR_FAILED/);
  const page = await as("alice");
  await page.route(/split_notebooks.*\.wasm/, (route) => route.abort());
  await page.goto("/notebooks/new?ns=research-vision");
  await expect(page.getByRole("heading", { name: "This page could not be fetched" })).toBeVisible();
  await page.unroute(/split_notebooks.*\.wasm/);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "New notebook" })).toBeVisible();
});

test("a layer whose code cannot be fetched opens as soon as it can", async ({ as, expected }) => {
  expected.console.push(/ERR_FAILED/);
  const page = await as("alice");
  await page.route(/split_frame.*\.wasm/, (route) => route.abort());
  await page.goto(url);
  await expect(row(page, "data-prep")).toBeVisible();
  await page.keyboard.press("Control+k");
  await expect(page.getByText("This part of Flowdeck could not be fetched yet")).toBeVisible();
  await page.unroute(/split_frame.*\.wasm/);
  await expect(page.getByRole("dialog").getByRole("combobox")).toBeVisible({ timeout: 15_000 });
});

test("signing out in one tab is noticed in the other", async ({ browser, gateway, expected }) => {
  expected.console.push(/401/);
  // A session of its own: signing out would end the one that other tests share.
  await gateway.restart();
  const context = await browser.newContext({ baseURL: gateway.url });
  const first = await context.newPage();
  await first.goto(gateway.link("alice"));
  await expect(first.getByRole("navigation", { name: "Flowdeck" })).toBeVisible();
  await first.goto(url);
  const second = await context.newPage();
  await second.goto(url);
  await expect(row(second, "data-prep")).toBeVisible();
  await first.getByRole("button", { name: /alice@example.com: theme/ }).click();
  await first.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(second.getByRole("dialog").or(second.getByRole("heading", { name: /sign/i })).first()).toBeVisible();
  await context.close();
});

test("without a session, the page asks to sign in and says how", async ({ browser, gateway }) => {
  const context = await browser.newContext({ baseURL: gateway.url });
  const page = await context.newPage();
  await page.goto(url);
  await expect(page.getByRole("heading", { name: /sign in/i })).toBeVisible();
  await context.close();
});

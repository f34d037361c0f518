// axe finds nothing on any page or state, in light and dark, on a desk and on a phone.
import { accessible, expect, test } from "./fixtures.ts";

const sizes = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];
const pages = [
  { path: "/notebooks?ns=research-vision", shows: "data-prep" },
  { path: "/notebooks?ns=research-vision&q=zzzz", shows: "No notebook" },
  { path: "/notebooks?ns=victor-lab", shows: "victor-lab", user: "admin" as const },
  { path: "/notebooks/bert-finetune?ns=research-vision", shows: "Conditions" },
  { path: "/notebooks/data-prep?ns=research-vision&tab=logs", shows: "Follow" },
  { path: "/notebooks/data-prep?ns=research-vision&tab=events", shows: "Reason" },
  { path: "/notebooks/data-prep?ns=research-vision&tab=yaml", shows: "apiVersion" },
  { path: "/notebooks/not-there?ns=research-vision", shows: "not-there" },
  { path: "/notebooks/new?ns=research-vision", shows: "Create notebook" },
  { path: "/nowhere", shows: "" },
];

// axe takes seconds a page, on a busy machine ten times as many.
test.slow();

for (const theme of ["light", "dark"] as const) {
  for (const size of sizes) {
    test(`every page in ${theme} at ${size.width} px`, async ({ as, expected }) => {
      expected.console.push(/404/);
      const signedIn = { alice: await as("alice", { ...size, theme }), admin: await as("admin", { ...size, theme }) };
      for (const { path, shows, user } of pages) {
        const page = signedIn[user ?? "alice"];
        await page.goto(path);
        await expect(page.getByRole("main")).toContainText(shows);
        await accessible(page);
      }
    });
  }

  test(`a namespace without rights, and signed out, in ${theme}`, async ({ as, browser, gateway, expected }) => {
    expected.console.push(/403/);
    const page = await as("victor", { theme });
    await page.goto("/notebooks?ns=research-nlp");
    await expect(page.getByRole("main")).toContainText("research-nlp");
    await accessible(page);
    const context = await browser.newContext({ baseURL: gateway.url, colorScheme: theme });
    const stranger = await context.newPage();
    await stranger.goto("/notebooks");
    await expect(stranger.getByRole("heading", { name: /sign in/i })).toBeVisible();
    await accessible(stranger);
    await context.close();
  });

  test(`menu, palette and delete dialog in ${theme}`, async ({ as }) => {
    const page = await as("alice", { theme });
    await page.goto("/notebooks?ns=research-vision");
    await page.getByRole("button", { name: "More actions for data-prep" }).click();
    await expect(page.getByRole("menu")).toBeVisible();
    await accessible(page);
    await page.getByRole("menuitem", { name: /^Delete/ }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await accessible(page);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await expect(page.getByRole("combobox")).toBeVisible();
    await accessible(page);
  });
}

test("what fades in is judged when it has", async ({ as }) => {
  const page = await as("alice");
  await page.goto("/notebooks?ns=research-vision");
  await expect(page.getByRole("main")).toContainText("data-prep");
  await page.evaluate(() => {
    document.documentElement.style.setProperty("--slow", "2s");
  });
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox")).toBeVisible();
  await accessible(page);
});

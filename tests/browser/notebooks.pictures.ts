// Pictures of each page and state, at two sizes and in both themes.
import { fileURLToPath } from "node:url";
import { expect, test } from "./fixtures.ts";
import type { User } from "./gateway.ts";

const folder = fileURLToPath(new URL("../../docs/pictures", import.meta.url));
const pages: { name: string; path: string; shows: string; user?: User; themes?: ("light" | "dark")[] }[] = [
  { name: "notebooks", path: "/notebooks?ns=research-vision", shows: "Connect" },
  { name: "notebook", path: "/notebooks/bert-finetune?ns=research-vision", shows: "Conditions" },
  { name: "log", path: "/notebooks/data-prep?ns=research-vision&tab=logs", shows: "ServerApp" },
  { name: "events", path: "/notebooks/llm-playground?ns=research-vision&tab=events", shows: "Warning" },
  { name: "yaml", path: "/notebooks/data-prep?ns=research-vision&tab=yaml", shows: "apiVersion", themes: ["dark"] },
  { name: "new", path: "/notebooks/new?ns=research-vision", shows: "Create notebook" },
  { name: "empty", path: "/notebooks?ns=default", shows: "No notebooks in default yet", user: "admin", themes: ["light"] },
  { name: "filtered", path: "/notebooks?ns=research-vision&q=zzzz", shows: "No notebook", themes: ["light"] },
  { name: "denied", path: "/notebooks?ns=research-nlp", shows: "You may not see", user: "victor", themes: ["light"] },
  { name: "missing", path: "/notebooks/not-there?ns=research-vision", shows: "There is no notebook", themes: ["light"] },
];

for (const { name, path, shows, user = "alice", themes } of pages) {
  for (const theme of themes ?? (["light", "dark"] as const)) {
    for (const [width, height] of [[1440, 900], [390, 844]] as const) {
      test(`${name} in ${theme} at ${width}`, async ({ as, expected }) => {
        expected.console.push(/40[34]/);
        const page = await as(user, { width, height, theme });
        await page.goto(path);
        const shown = page.getByRole("main").getByText(shows).or(page.getByRole("button", { name: shows }));
        await expect(shown.filter({ visible: true }).first()).toBeVisible({ timeout: 30_000 });
        await page.screenshot({ path: `${folder}/${name}-${width}-${theme}.png` });
      });
    }
  }
}

test("the gateway is gone", async ({ as, gateway, expected }) => {
  expected.console.push(/ERR_|WebSocket|Failed to load resource/);
  const page = await as("alice");
  await page.goto("/notebooks?ns=research-vision");
  await expect(page.getByRole("main")).toContainText("data-prep");
  await gateway.kill();
  await expect(page.getByText("No news from the cluster")).toBeVisible({ timeout: 20_000 });
  await page.screenshot({ path: `${folder}/reconnecting-1440-light.png` });
});

test("signing in", async ({ browser, gateway }) => {
  await gateway.restart();
  const context = await browser.newContext({ baseURL: gateway.url, viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.goto("/notebooks");
  await expect(page.getByRole("heading", { name: /sign in/i })).toBeVisible();
  await page.screenshot({ path: `${folder}/sign-in-1440-light.png` });
  await context.close();
});

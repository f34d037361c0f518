// A session that ends while the page is open.
import { alice, expect, fillDexForm, list, namespace, row, signIn, test, toDex } from "./fixtures.ts";

test.use({ life: "30s" });

test("a session that ends in the middle of a watch: the page asks to sign in again and keeps what was typed", async ({ page, chain, context }) => {
  await signIn(page, chain, alice, `/notebooks/new?ns=${namespace}`);
  await page.getByLabel("Name", { exact: true }).fill("typed-before");
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText(/sign in/i, { timeout: 90_000 });
  const elsewhere = await context.newPage();
  await elsewhere.goto(list);
  await toDex(elsewhere, chain);
  await fillDexForm(elsewhere, alice);
  await expect(row(elsewhere, "data-prep")).toBeVisible();
  await page.bringToFront();
  await expect(dialog).toBeHidden();
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("typed-before");
});

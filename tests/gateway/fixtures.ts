// Gives each test a chain of proxies of its worker's own, and pages that are signed in at dex.
import { type Page, expect, test as base } from "@playwright/test";
import { Chain, type SignIn, password } from "./chain.ts";

/** Who signs people in, and how long that lasts. */
export type Settings = { signIn: SignIn; life: string; chain: Chain };

export const test = base.extend<{ told: undefined }, Settings>({
  signIn: ["gateway", { option: true, scope: "worker" }],
  life: ["8h", { option: true, scope: "worker" }],
  chain: [
    async ({ signIn, life }, use) => {
      const chain = await Chain.start(signIn, life);
      await use(chain);
      await chain.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  baseURL: async ({ chain }, use) => {
    await use(chain.url);
  },
  told: [
    async ({ chain }, use, info) => {
      await use(undefined);
      if (info.status !== info.expectedStatus) await info.attach("what everybody said", { body: chain.said(), contentType: "text/plain" });
    },
    { auto: true },
  ],
});

export const alice = "alice@example.com";
export const namespace = "research-vision";
export const notebooks = `/k8s/apis/kubeflow.org/v1/namespaces/${namespace}/notebooks`;
export const list = `/notebooks?ns=${namespace}`;

/** Opens the page as a stranger, is sent to dex, and comes back as somebody. */
export async function signIn(page: Page, chain: Chain, user: string, to = list): Promise<void> {
  await page.goto(to);
  await toDex(page, chain);
  await fillDexForm(page, user);
  await expect(page).toHaveURL((url) => url.origin === chain.url && url.pathname + url.search === to);
}

/** From the page's own words, or by itself where a proxy lets no stranger see the page. */
export async function toDex(page: Page, chain: Chain): Promise<void> {
  if (chain.signIn === "gateway") await page.getByRole("button", { name: "Sign in with Dex" }).click();
}

/** The person's own way out: the page's menu, or the proxy's address. */
export async function signOut(page: Page, chain: Chain, user: string): Promise<void> {
  if (chain.signIn === "oauth2-proxy") {
    await page.goto("/oauth2/sign_out?rd=%2Fnotebooks");
    return;
  }
  await page.getByRole("button", { name: `${user}: theme` }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("button", { name: "Sign in with Dex" })).toBeVisible();
}

/** Name and password in dex's own form. */
export async function fillDexForm(page: Page, user: string): Promise<void> {
  await expect(page).toHaveURL(/\/dex\/auth\/local/);
  await page.locator("#login").fill(user);
  await page.locator("#password").fill(password);
  await page.locator("#submit-login").click();
}

export function row(page: Page, name: string) {
  return page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
}

export function connection(page: Page) {
  return page.getByRole("main").getByRole("status").first();
}

export { expect };

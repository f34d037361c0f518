// Gives each test a gateway and pages that are signed in, and fails on what a page should never do.
import AxeBuilder from "@axe-core/playwright";
import { type BrowserContext, type Page, expect, test as base } from "@playwright/test";
import { Gateway, type User, behindEnvoy } from "./gateway.ts";

type State = Awaited<ReturnType<BrowserContext["storageState"]>>;
type SignIn = (user: User, options?: { width?: number; height?: number; theme?: "light" | "dark" }) => Promise<Page>;
/** Words on the console that a test expects; any other error or warning fails it. */
type Expected = { console: RegExp[] };

export const test = base.extend<{ as: SignIn; expected: Expected }, { gateway: Gateway; sessions: Map<User, State> }>({
  gateway: [
    async ({}, use) => {
      const gateway = await Gateway.start();
      await use(gateway);
      await gateway.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  sessions: [
    async ({}, use) => {
      await use(new Map());
    },
    { scope: "worker" },
  ],
  expected: async ({}, use) => {
    await use({ console: [] });
  },
  as: async ({ browser, gateway, sessions, expected }, use) => {
    const contexts: BrowserContext[] = [];
    const wrong: string[] = [];
    await use(async (user, options = {}) => {
      const viewport = { width: options.width ?? 1440, height: options.height ?? 900 };
      const known = sessions.get(user);
      const context = await browser.newContext({ baseURL: gateway.url, ignoreHTTPSErrors: behindEnvoy, viewport, colorScheme: options.theme ?? "light", ...(known ? { storageState: known } : {}) });
      contexts.push(context);
      const page = await context.newPage();
      page.on("pageerror", (error) => wrong.push(`${user}: ${error.message}`));
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) wrong.push(`${user}: ${message.text()}`);
      });
      if (!known) {
        await page.goto(gateway.link(user));
        await expect(page).toHaveURL(/\/notebooks\?ns=/);
        await expect(page.getByRole("heading", { name: "Notebooks", level: 1 })).toBeVisible();
        sessions.set(user, await context.storageState());
      }
      return page;
    });
    for (const context of contexts) await context.close();
    // What the browser itself says about a request that failed is the test's own doing where it expects it.
    expect(wrong.filter((line) => !expected.console.some((pattern) => pattern.test(line)))).toEqual([]);
  },
});

/** Fails on any violation of WCAG 2.2 A and AA that axe can see, once what fades in has done so: half faded, any text has too little contrast. */
export async function accessible(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const ending = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map(({ finished }) => finished));
  });
  const found = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
  expect(found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target.join(" ")} (${failureSummary})`).join(", ")}`)).toEqual([]);
}

export { expect };

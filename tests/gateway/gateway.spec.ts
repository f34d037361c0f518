// What only holds where the gateway itself keeps the sessions; oauth2-proxy's are in the cookie and live as long as it says.
import { alice, expect, notebooks, signIn, signOut, test } from "./fixtures.ts";

test("cookies from before the sign-out open nothing", async ({ page, chain, context }) => {
  await signIn(page, chain, alice);
  const cookies = await context.cookies(chain.url);
  expect((await context.request.get(notebooks)).status()).toBe(200);
  await signOut(page, chain, alice);
  await context.addCookies(cookies);
  expect((await context.request.get(notebooks)).status()).toBe(401);
});

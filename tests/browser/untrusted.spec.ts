// Cases 34 and 35 of the numbered attacks: text from the cluster stays text, and what is secret is not shown nor kept.
import type { Page } from "@playwright/test";
import type { Gateway } from "./gateway.ts";
import { expect, test } from "./fixtures.ts";

const notebook = "/apis/kubeflow.org/v1/namespaces/research-vision/notebooks/data-prep";
const page_of = (tab: string) => `/notebooks/data-prep?ns=research-vision&tab=${tab}`;
const script = "javascript:document.title='run'";
const markup = `<img src=x onerror="document.title='run'"><a href="${script}">markup-shown</a>`;
const log = [
  "2026-01-01T00:00:00Z plain line",
  `2026-01-01T00:00:01Z ${markup}`,
  "2026-01-01T00:00:02Z \x1b]8;;javascript:document.title='run'\x1b\\osc-link\x1b]8;;\x1b\\",
  "2026-01-01T00:00:03Z \x1b]0;run\x07\x1b[31mred\x1b[0m \x1b[2J\x1b[1;1Hcleared",
  "2026-01-01T00:00:04Z last line",
  "",
].join("\n");

async function patch(gateway: Gateway, metadata: object): Promise<void> {
  // The seed makes it some time after the rights that the gateway waited for.
  await expect.poll(async () => (await gateway.admin("PATCH", notebook, { metadata }, "application/merge-patch+json")).status).toBe(200);
}

/** Where each link and source on the page leads, other than to paths of ours. */
async function leadsElsewhere(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const targets = [...document.querySelectorAll("[href], [src], [action], [formaction]")].flatMap((element) =>
      ["href", "src", "action", "formaction"].map((name) => element.getAttribute(name) ?? ""),
    );
    return targets.filter((target) => /^\s*[a-z][a-z0-9+.-]*:/i.test(target) && !/^(https?|blob):/i.test(target));
  });
}

/** Gives the page this log, however it asks for it. */
async function logs(page: Page, text: string): Promise<void> {
  await page.route(/\/pods\/[^/]+\/log\?/, (route) => route.fulfill({ contentType: "text/plain", body: text }));
  await page.routeWebSocket(/\/pods\/[^/]+\/log\?/, (socket) => {
    socket.send(Buffer.alloc(0));
    socket.send(Buffer.from(text));
  });
}

test("case 34: addresses in annotations and labels are text, and so is all that a log says", async ({ as, gateway }) => {
  await patch(gateway, {
    annotations: { "notebooks.kubeflow.org/http-rewrite-uri": script, "example.com/link": script, "example.com/data": "data:text/html,<script>1</script>", "example.com/markup": markup },
    labels: { "example.com/label": "javascript.alert" },
  });
  const page = await as("alice");
  await logs(page, log);
  for (const tab of ["overview", "yaml", "events", "logs"]) {
    await page.goto(page_of(tab));
    await expect(page.getByRole("heading", { name: "data-prep", level: 1 })).toBeVisible();
    await expect(page.getByRole("tabpanel")).toBeVisible();
    expect(await leadsElsewhere(page)).toEqual([]);
  }
  await page.goto(page_of("yaml"));
  await expect(page.getByRole("region", { name: "YAML of data-prep" })).toContainText(script);
  await page.goto(page_of("logs"));
  const lines = page.getByRole("region", { name: /^Log of/ });
  await expect(lines).toContainText("last line");
  await expect(lines).toContainText(markup);
  await expect(lines).toContainText("osc-link");
  await expect(lines.locator("a, img, script")).toHaveCount(0);
  // Of escape sequences only colours are left, and those are not text.
  await expect(lines).not.toContainText("\x1b");
  await expect(lines).toContainText("plain line");
  expect(await leadsElsewhere(page)).toEqual([]);
  await expect(page).not.toHaveTitle(/run/);
});

test("case 35: what was applied with secrets in it is masked, and nothing of it or of the session is kept", async ({ as, gateway }) => {
  const secret = "verysecret-0815";
  const applied = JSON.stringify({ spec: { env: [{ name: "TOKEN", value: secret }] } });
  await patch(gateway, { annotations: { "kubectl.kubernetes.io/last-applied-configuration": applied } });
  const page = await as("alice");
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  for (const tab of ["overview", "events", "yaml"]) {
    await page.goto(page_of(tab));
    await expect(page.getByRole("tabpanel")).toBeVisible();
  }
  const yaml = page.getByRole("region", { name: "YAML of data-prep" });
  await expect(yaml).toContainText("last-applied-configuration");
  await expect(page.getByRole("main")).not.toContainText(secret);
  await page.goto("/notebooks/new?ns=research-vision");
  await expect(page.getByRole("heading", { name: "New notebook" })).toBeVisible();
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, history.state]));
  const cookies = (await page.context().cookies()).map((cookie) => cookie.value);
  expect(cookies.length).toBeGreaterThan(0);
  for (const hidden of [secret, ...cookies]) {
    expect(kept).not.toContain(hidden);
    expect(asked.filter((url) => url.includes(hidden))).toEqual([]);
  }
  // The page reads no Secrets, so it has none to show.
  expect(asked.filter((url) => /\/secrets(\/|\?|$)/.test(url))).toEqual([]);
});

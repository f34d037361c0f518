// What people do, through everything that stands before the cluster: sign in, watch, run a command, sign out.
import type { Page } from "@playwright/test";
import { alice, connection, expect, namespace, notebooks, row, signIn, signOut, test } from "./fixtures.ts";

const minutes = 60_000;

/** Who the cluster takes the page for, whatever its headers claim. */
async function whoIsAsking(page: Page): Promise<{ status: number; message?: string; username?: string; groups?: string[] }> {
  return page.evaluate(async () => {
    const body = JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" });
    const headers = { "content-type": "application/json", "x-flowdeck": "1", "kubeflow-userid": "admin@example.com", "x-auth-request-email": "admin@example.com" };
    const answer = await fetch("/k8s/apis/authentication.k8s.io/v1/selfsubjectreviews", { method: "POST", headers, body });
    const said = (await answer.json()) as { message?: string; status?: { userInfo?: { username: string; groups: string[] } } };
    return { status: answer.status, message: said.message, ...said.status?.userInfo };
  });
}

test("a stranger signs in at dex and sees notebooks live", async ({ page, chain }) => {
  await signIn(page, chain, alice);
  await expect(row(page, "data-prep")).toBeVisible();
  await expect(connection(page)).toHaveText(/Live/);
  // Live is what a change made elsewhere reaches.
  const stopped = async (at: string | null) =>
    page.evaluate(
      async ([path, at]) => {
        const body = JSON.stringify({ metadata: { annotations: { "kubeflow-resource-stopped": at } } });
        const answer = await fetch(`${path}/tokenizer-dev`, { method: "PATCH", headers: { "content-type": "application/merge-patch+json", "x-flowdeck": "1" }, body });
        return answer.status;
      },
      [notebooks, at] as const,
    );
  expect(await stopped("2026-11-24T09:00:00Z")).toBe(200);
  await expect(row(page, "tokenizer-dev")).toContainText(/Stopp/);
  expect(await stopped(null)).toBe(200);
  await expect(row(page, "tokenizer-dev")).not.toContainText("Stopped");
  // Who one is to the cluster is what dex said, and nothing that the browser says.
  expect(await whoIsAsking(page)).toMatchObject({ status: 201, username: alice, groups: expect.arrayContaining(["flowdeck-users"]) });
});

test("in a group that the gateway's rights do not name, nobody reaches the cluster", async ({ page, chain }) => {
  await signIn(page, chain, "gina@example.com");
  const { status, message } = await whoIsAsking(page);
  expect(status).toBe(403);
  // The API server's word on the gateway's own account, which with more rights it would not say.
  expect(message).toContain('groups "unnamed" is forbidden: User "system:serviceaccount:flowdeck:flowdeck-gateway" cannot impersonate resource "groups"');
});

test("watches go on for six minutes without a cut", async ({ page, chain }) => {
  test.setTimeout(8 * minutes);
  await signIn(page, chain, alice);
  await expect(connection(page)).toHaveText(/Live/);
  const opened: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("watch=")) opened.push(request.url());
  });
  const seen = await page.evaluate(
    async ([path, length]) => {
      const began = performance.now();
      const answer = await fetch(`${path}?watch=1&own=1&timeoutSeconds=600`);
      if (answer.body === null) throw new Error("no body");
      const reader = answer.body.getReader();
      const told: { at: number; events: number; ended: boolean } = { at: 0, events: 0, ended: false };
      const text = new TextDecoder();
      const reading = (async () => {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) break;
          told.events += text.decode(value, { stream: true }).split("\n").length - 1;
          told.at = performance.now() - began;
        }
        told.ended = true;
      })();
      let changes = 0;
      // Long silences are what proxies cut, so there is one of five minutes; then a change has to come through.
      for (const at of [1_000, 310_000, length]) {
        await Promise.race([reading, new Promise((later) => setTimeout(later, began + at - performance.now()))]);
        const body = JSON.stringify({ metadata: { annotations: { "flowdeck.dev/touched": String(at) } } });
        const patched = await fetch(`${path}/demo-friday`, { method: "PATCH", headers: { "content-type": "application/merge-patch+json", "x-flowdeck": "1" }, body });
        if (patched.ok) changes += 1;
      }
      while (!told.ended && told.at < length) await new Promise((later) => setTimeout(later, 100));
      const result = { ...told, changes, status: answer.status };
      await reader.cancel();
      return result;
    },
    [notebooks, 6 * minutes] as const,
  );
  expect(seen).toMatchObject({ status: 200, ended: false, changes: 3 });
  expect(seen.at).toBeGreaterThanOrEqual(6 * minutes);
  expect(seen.events).toBeGreaterThanOrEqual(3);
  // The page asks for streams of four to five minutes, so each is opened once and renewed once, and never because it broke.
  const paths = opened.filter((url) => !url.includes("own=1")).map((url) => new URL(url).pathname);
  expect(paths.filter((path) => paths.filter((other) => other === path).length > 2)).toEqual([]);
  await expect(connection(page)).toHaveText(/Live/);
});

test("a command runs in a pod over a WebSocket", async ({ page, chain }) => {
  await signIn(page, chain, alice);
  const pod = await page.evaluate(async (namespace) => {
    const answer = await fetch(`/k8s/api/v1/namespaces/${namespace}/pods?fieldSelector=status.phase%3DRunning`);
    const pods = (await answer.json()) as { items: { metadata: { name: string } }[] };
    return pods.items[0]?.metadata.name;
  }, namespace);
  expect(pod).toBeDefined();
  const heard = await page.evaluate(
    async ([namespace, pod]) => {
      const query = "command=sh&command=-c&command=echo%20from-the-pod%3B%20read%20line%3B%20echo%20%22got%20%24line%22&stdin=true&stdout=true&stderr=true";
      const socket = new WebSocket(`wss://${location.host}/k8s/api/v1/namespaces/${namespace}/pods/${pod}/exec?${query}`, ["v5.channel.k8s.io"]);
      socket.binaryType = "arraybuffer";
      const text: Record<number, string> = {};
      socket.onmessage = (message: MessageEvent<ArrayBuffer>) => {
        const bytes = new Uint8Array(message.data);
        const channel = bytes[0] ?? -1;
        text[channel] = (text[channel] ?? "") + new TextDecoder().decode(bytes.subarray(1));
        if (channel === 1 && text[1]?.endsWith("from-the-pod\n")) socket.send(new TextEncoder().encode("\0hello\n"));
      };
      const closed = await new Promise<{ code: number }>((done) => (socket.onclose = ({ code }) => done({ code })));
      return { protocol: socket.protocol, stdout: text[1], status: text[3], code: closed.code };
    },
    [namespace, pod ?? ""] as const,
  );
  expect(heard).toMatchObject({ protocol: "v5.channel.k8s.io", stdout: "from-the-pod\ngot hello\n", code: 1000 });
  expect(heard.status).toContain('"status":"Success"');
});

test("who signs out is out, here and at the provider", async ({ page, chain, context }) => {
  await signIn(page, chain, alice);
  await expect(row(page, "data-prep")).toBeVisible();
  await signOut(page, chain, alice);
  expect((await context.request.get(notebooks)).status()).toBe(401);
  // Nor does dex remember anybody: it asks for the password again.
  await signIn(page, chain, "admin@example.com");
  await expect(page.getByRole("button", { name: /admin@example.com/ })).toBeVisible();
});

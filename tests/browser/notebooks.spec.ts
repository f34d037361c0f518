// The main job: see notebooks live, make one, watch it come up, stop it, delete it; and who may do that.
import type { Page, Request } from "@playwright/test";
import { expect, test } from "./fixtures.ts";

const ns = "research-nlp";
const list = `/notebooks?ns=${ns}`;

function row(page: Page, name: string) {
  return page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
}

test("creates a notebook, watches it come up with its events and log, stops it, deletes it", async ({ as, expected }) => {
  expected.console.push(/403/); // who owns a namespace may not read nodes: the form does without
  const page = await as("alice");
  await page.goto(list);
  await page.getByRole("button", { name: "New notebook" }).or(page.getByRole("link", { name: "New notebook" })).first().click();
  await expect(page.getByRole("heading", { name: "New notebook", level: 1 })).toBeVisible();

  await page.getByLabel("Name", { exact: true }).fill("main-job");
  await page.getByRole("button", { name: "Create notebook" }).click();

  await expect(page.getByRole("heading", { name: "main-job", level: 1 })).toBeVisible();
  const main = page.getByRole("main");
  await expect(main.getByRole("link", { name: "Connect" })).toBeVisible({ timeout: 40_000 });
  await page.getByRole("tab", { name: /^Events/ }).click();
  await expect(page.getByRole("tabpanel").getByText("Successfully assigned")).toBeVisible();
  await expect(page.getByRole("tabpanel").getByText("SuccessfulCreate")).toBeVisible();
  await page.getByRole("tab", { name: "Logs" }).click();
  await expect(page.getByRole("region", { name: "Log of main-job" })).toContainText("main-job");
  await page.getByRole("tab", { name: "YAML" }).click();
  await expect(page.getByRole("region", { name: "YAML of main-job" })).toContainText("kind: Notebook");

  await page.getByRole("button", { name: "Stop notebook" }).click();
  await expect(page.getByRole("button", { name: "Start notebook" })).toBeVisible();
  await page.goto(list);
  await expect(row(page, "main-job").getByRole("gridcell").first()).toContainText("Stopped", { timeout: 40_000 });

  await row(page, "main-job").getByRole("button", { name: "More actions for main-job" }).click();
  await page.getByRole("menuitem", { name: /^Delete/ }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("button", { name: /^Delete/ })).toBeDisabled();
  await dialog.getByRole("textbox").fill("main-job");
  await dialog.getByRole("button", { name: /^Delete/ }).click();
  await expect(row(page, "main-job")).toHaveCount(0, { timeout: 40_000 });
});

test("one person's change reaches another's page in under half a second", async ({ as, gateway }) => {
  test.slow();
  const stopped = { metadata: { annotations: { "kubeflow-resource-stopped": "2026-11-18T09:00:00Z" } } };
  const alice = await as("alice");
  const admin = await as("admin");
  await alice.goto("/notebooks?ns=research-vision");
  await admin.goto("/notebooks?ns=research-vision");
  // What else the machine does only adds to the time, so one change in time is enough.
  await expect(async () => {
    await gateway.admin("PATCH", "/apis/kubeflow.org/v1/namespaces/research-vision/notebooks/demo-friday", stopped, "application/merge-patch+json");
    await expect(row(admin, "demo-friday")).toContainText("Stopped");
    await expect(row(alice, "demo-friday")).toContainText("Stopped");
    expect(await timeToReach(alice, admin)).toBeLessThan(500);
  }).toPass({ timeout: 120_000 });
  await gateway.admin("PATCH", "/apis/kubeflow.org/v1/namespaces/research-vision/notebooks/demo-friday", stopped, "application/merge-patch+json");
});

/** Starts a stopped notebook on one page and gives the milliseconds until another page shows it, by its watch alone. */
async function timeToReach(from: Page, to: Page): Promise<number> {
  const asked: string[] = [];
  const note = (request: Request) => asked.push(request.url());
  const seen = await to.evaluateHandle(() => ({
    at: new Promise<number>((done) => {
      const observer = new MutationObserver(() => {
        const row = [...document.querySelectorAll("[role=row]")].find((row) => row.textContent?.includes("demo-friday"));
        if (!row || row.textContent?.includes("Stopped")) return;
        observer.disconnect();
        done(performance.timeOrigin + performance.now());
      });
      observer.observe(document.body, { subtree: true, childList: true, characterData: true });
    }),
  }));
  const clicked = await from.evaluateHandle(() => ({
    at: new Promise<number>((done) => document.addEventListener("click", () => done(performance.timeOrigin + performance.now()), { capture: true, once: true })),
  }));
  to.on("request", note);
  await row(from, "demo-friday").getByRole("button", { name: "Start" }).click();
  const time = (await seen.evaluate(({ at }) => at)) - (await clicked.evaluate(({ at }) => at));
  to.off("request", note);
  expect(asked.filter((url) => url.includes("/notebooks"))).toEqual([]);
  return time;
}

test("a viewer sees everything and is told why nothing can be changed", async ({ as }) => {
  const page = await as("victor");
  await page.goto("/notebooks?ns=research-vision");
  await expect(row(page, "data-prep")).toContainText("Running");
  const create = page.getByRole("button", { name: "New notebook" });
  await expect(create).toBeDisabled();
  await expect(create).toHaveAccessibleDescription(/create.*notebooks/);
  const start = row(page, "labels-review").getByRole("button", { name: "Start" });
  await expect(start).toBeDisabled();
  await expect(start).toHaveAccessibleDescription(/patch.*notebooks/);
});

test("a namespace without rights is explained, not empty", async ({ as, expected }) => {
  expected.console.push(/403/);
  const page = await as("victor");
  await page.goto("/notebooks?ns=research-nlp");
  await expect(page.getByRole("main")).toContainText(/list.*notebooks/);
  await expect(page.getByRole("main")).toContainText("research-nlp");
});

test("a name that is taken and a size that is nonsense are said beside their fields", async ({ as, expected }) => {
  expected.console.push(/403/);
  const page = await as("alice");
  await page.goto("/notebooks/new?ns=research-vision");
  const name = page.getByLabel("Name", { exact: true });
  await name.fill("data-prep");
  await expect(name).toHaveAccessibleDescription(/data-prep/);
  await name.fill("Data Prep");
  await expect(name).toHaveAccessibleDescription(/lower case/i);
  await page.getByLabel("Memory", { exact: true }).fill("lots");
  await page.getByRole("button", { name: "Create notebook" }).click();
  await expect(page.getByLabel("Memory", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await expect(page).toHaveURL(/\/notebooks\/new/);
});

test("what was typed into the form is there after a reload", async ({ as, expected }) => {
  expected.console.push(/403/);
  const page = await as("alice");
  await page.goto("/notebooks/new?ns=research-nlp");
  await page.getByLabel("Name", { exact: true }).fill("half-written");
  await page.getByLabel("CPU", { exact: true }).fill("3");
  await expect.poll(() => page.evaluate(() => JSON.stringify(Object.values(sessionStorage)))).toContain("half-written");
  await page.reload();
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("half-written");
  await expect(page.getByLabel("CPU", { exact: true })).toHaveValue("3");
});

test("what is wrong with a notebook is said in words", async ({ as }) => {
  const page = await as("alice");
  await page.goto("/notebooks?ns=research-vision");
  await expect(row(page, "llm-playground")).toContainText("Image missing");
  await expect(row(page, "gpu-bench")).toContainText("over quota");
  await expect(row(page, "bert-finetune")).toContainText("out of memory");
  await expect(row(page, "labels-review")).toContainText("Stopped");
  await page.goto(list);
  await expect(row(page, "llama-eval")).toContainText("no node has");
});

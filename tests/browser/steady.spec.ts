// What one does reaches what one saw, and the keyboard stays where it was, while the world moves.
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures.ts";

const url = "/notebooks?ns=research-vision";
const notebooks = "/apis/kubeflow.org/v1/namespaces/research-vision/notebooks";
const merge = "application/merge-patch+json";

function row(page: Page, name: string) {
  return page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
}

function stopped(at: string | null) {
  return { metadata: { annotations: { "kubeflow-resource-stopped": at } } };
}

async function chooseNamespace(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: /^Namespace/ }).click();
  await page.getByRole("combobox").fill(name);
  await page.getByRole("option", { name: new RegExp(name) }).click();
  await expect(page).toHaveURL(new RegExp(`ns=${name}`));
}

/** Holds back the answers to some requests until told. */
async function held(page: Page, path: RegExp): Promise<() => void> {
  let come = () => {};
  const wait = new Promise<void>((done) => (come = done));
  await page.route(path, async (route) => {
    await wait;
    await route.continue();
  });
  return come;
}

test("what stands for the rows while they load has their place", async ({ as }) => {
  const page = await as("alice");
  const come = await held(page, /\/namespaces\/research-vision\/notebooks\?/);
  await page.goto(url);
  const grid = page.getByRole("grid");
  await expect(grid).toHaveAttribute("aria-busy", "true");
  const place = async () => (({ x, y, width }) => [x, y, width])((await grid.boundingBox())!);
  const before = await place();
  come();
  await expect(row(page, "data-prep")).toBeVisible();
  await expect(grid).not.toHaveAttribute("aria-busy");
  expect(await place()).toEqual(before);
});

test("a long name is cut with three dots, and on a phone takes one line", async ({ as, gateway }) => {
  const name = "a-name-of-as-many-characters-as-a-notebook-can-have0";
  const container = { name, image: "ghcr.io/kubeflow/kubeflow/notebook-servers/jupyter-scipy:v1.11" };
  const notebook = { apiVersion: "kubeflow.org/v1", kind: "Notebook", metadata: { name, namespace: "research-vision" }, spec: { template: { spec: { containers: [container] } } } };
  await gateway.admin("POST", notebooks, notebook);
  for (const width of [1440, 390]) {
    const page = await as("alice", { width });
    await page.goto(url);
    const long = row(page, name);
    const cell = long.getByRole("gridcell").nth(1);
    await expect(cell).toBeVisible({ timeout: 30_000 });
    expect(await cell.evaluate((cell) => getComputedStyle(cell.firstElementChild!).display)).toBe("inline");
    expect(await cell.evaluate((cell) => cell.scrollWidth > cell.clientWidth)).toBe(true);
    expect((await cell.boundingBox())!.y).toBeGreaterThanOrEqual((await long.boundingBox())!.y);
    expect((await long.getByRole("gridcell").nth(2).boundingBox())!.y).toBeLessThan((await cell.boundingBox())!.y + 10);
  }
  await gateway.admin("DELETE", `${notebooks}/${name}`);
});

test("until the pods have come a notebook is what its own status says, and the page says that it loads", async ({ as }) => {
  const page = await as("alice");
  const status = page.getByRole("main").getByRole("status").first();
  const come = await held(page, /\/namespaces\/research-vision\/pods\?/);
  await page.goto(url);
  await expect(row(page, "data-prep")).toContainText("Running");
  await expect(row(page, "labels-review")).toContainText("Stopped");
  await expect(status).toHaveText("Loading");
  come();
  await expect(status).toHaveText("Live");
  await expect(row(page, "data-prep")).toContainText("Running");
  await expect(row(page, "bert-finetune")).toContainText("out of memory");
});

test("who may not see pods is told what the notebooks' own status says", async ({ as, expected }) => {
  expected.console.push(/403/);
  const page = await as("alice");
  const denied = { kind: "Status", apiVersion: "v1", status: "Failure", reason: "Forbidden", message: "pods is forbidden", code: 403 };
  await page.route(/\/namespaces\/research-vision\/pods\?/, (route) => route.fulfill({ status: 403, json: denied }));
  await page.goto("/notebooks/data-prep?ns=research-vision");
  await expect(page.getByRole("main").getByText("Running", { exact: true })).toBeVisible();
  await page.goto(url);
  await expect(row(page, "data-prep")).toContainText("Running");
});

test("undo takes back what was done, wherever one has gone since", async ({ as, gateway }) => {
  test.slow();
  const page = await as("alice");
  const sent: string[] = [];
  page.on("request", (request) => request.method() === "PATCH" && sent.push(new URL(request.url()).pathname.replace(/^\/k8s/, "")));
  const undo = page.getByRole("button", { name: "Undo" });
  for (const leave of [() => chooseNamespace(page, "research-nlp"), () => page.getByRole("link", { name: "data-prep", exact: true }).click()]) {
    // The offer stands for twelve seconds, which can be too few on a busy machine.
    await expect(async () => {
      await gateway.admin("PATCH", `${notebooks}/labels-review`, stopped("2026-11-24T09:00:00Z"), merge);
      await page.goto(url);
      await row(page, "labels-review").getByRole("button", { name: "Start" }).click();
      await expect(undo).toBeVisible();
      await leave();
      sent.length = 0;
      await undo.click({ timeout: 12_000 });
    }).toPass({ timeout: 120_000 });
    await expect.poll(() => sent).toEqual([`${notebooks}/labels-review`]);
    await expect.poll(async () => JSON.stringify((await gateway.admin("GET", `${notebooks}/labels-review`)).json())).toContain("kubeflow-resource-stopped");
  }
});

test("a question about a notebook goes when back leads to another namespace", async ({ as }) => {
  const page = await as("alice");
  await page.goto("/notebooks?ns=research-nlp");
  await chooseNamespace(page, "research-vision");
  await page.getByRole("button", { name: "More actions for data-prep" }).click();
  await page.getByRole("menuitem", { name: /^Delete/ }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL(/ns=research-nlp/);
  await expect(page.getByRole("dialog")).toBeHidden();
});

test("chips, the row's button and the page's button do not lose the focus to what they do", async ({ as, gateway }) => {
  const page = await as("alice");
  await page.goto(url);
  const running = page.getByRole("group", { name: "Filter by status" }).getByRole("button", { name: /Running/ });
  await running.focus();
  await page.keyboard.press("Enter");
  await expect(row(page, "labels-review")).toHaveCount(0);
  await expect(running).toBeFocused();
  const before = (await running.textContent())!;
  await gateway.admin("PATCH", `${notebooks}/segmentation`, stopped("2026-11-24T09:00:00Z"), merge);
  await expect(running).not.toHaveText(before);
  await expect(running).toBeFocused();
  await page.keyboard.press("Enter");

  await row(page, "demo-friday").getByRole("button", { name: "Start" }).focus();
  await page.keyboard.press("Enter");
  await expect(row(page, "demo-friday").getByRole("button", { name: "Start" })).toBeHidden();
  await expect(row(page, "demo-friday")).toBeFocused();

  await page.goto("/notebooks/demo-friday?ns=research-vision");
  await page.getByRole("button", { name: "Stop notebook" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Start notebook" })).toBeFocused();
  await gateway.admin("PATCH", `${notebooks}/segmentation`, stopped(null), merge);
});


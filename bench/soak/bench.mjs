// Goes round the notebook pages on a restless cluster, and counts what stays behind: heap, Wasm memory, nodes, streams.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { heapInUse, launch } from "../lib/browser.mjs";
import { startGateway } from "../lib/gateway.mjs";
import { root } from "../lib/house.mjs";
import { conditions, row } from "../lib/report.mjs";

const ROUNDS = Number(process.env.ROUNDS ?? 100);
const EVERY = Math.max(1, Math.floor(ROUNDS / 4));
const WORLD = "load:pods=2000,notebooks=2000,rate=500";
/** Who may also create notebooks in the large namespace. */
const ADMIN = "admin@example.com";
const ROW = ".cell-name a";
const UNITS = { heap: "B", wasm: "B", nodes: "nodes", listeners: "listeners", streams: "streams" };

/** Runs in the page before its scripts: keeps hold of the app's memory, which it shows to nobody. */
function observe() {
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const plain = WebAssembly[name];
    WebAssembly[name] = async (...args) => {
      const made = await plain.apply(WebAssembly, args);
      window.soaked ??= (made.instance ?? made).exports.memory;
      return made;
    };
  }
}

/** Counts the requests and sockets that are open. */
async function watchStreams(cdp) {
  const open = new Set();
  await cdp.send("Network.enable");
  cdp.on("Network.requestWillBeSent", ({ requestId }) => open.add(requestId));
  cdp.on("Network.webSocketCreated", ({ requestId }) => open.add(requestId));
  for (const end of ["Network.loadingFinished", "Network.loadingFailed", "Network.webSocketClosed"]) cdp.on(end, ({ requestId }) => open.delete(requestId));
  return open;
}

/** List → a notebook's four tabs → the form → list, all within the app. The notebook is another one in each round. */
async function goRound(page, at) {
  const name = page.locator(ROW).nth(at % 8);
  // Rows move; what counts is that one is opened.
  await name.click({ timeout: 20_000 });
  for (const tab of ["Logs", "Events", "YAML", "Overview"]) {
    const button = page.getByRole("tab", { name: new RegExp(`^${tab}`) });
    await button.click();
    await page.waitForFunction((word) => document.querySelector("[role=tab][aria-selected=true]")?.textContent.startsWith(word), tab);
  }
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Notebooks" }).first().click();
  await page.locator(ROW).first().waitFor();
  await page.getByRole("button", { name: "New notebook" }).first().click();
  await page.getByRole("heading", { level: 1, name: /New notebook/ }).waitFor();
  await page.getByRole("link", { name: "Notebooks" }).first().click();
  await page.locator(ROW).first().waitFor();
}

async function look(page, cdp, open) {
  // Streams end a little after the page that held them; the leases' own grace has to pass too.
  await page.waitForTimeout(Number(process.env.SETTLE ?? 8) * 1000);
  const heap = await heapInUse(cdp);
  const { metrics } = await cdp.send("Performance.getMetrics");
  const metric = (name) => metrics.find((one) => one.name === name).value;
  return { heap, wasm: await page.evaluate(() => window.soaked?.buffer.byteLength ?? 0), nodes: metric("Nodes"), listeners: metric("JSEventListeners"), streams: open.size };
}

export async function bench() {
  const browser = await launch();
  const data = mkdtempSync(join(tmpdir(), "flowdeck-bench-"));
  const gateway = await startGateway({ app: join(root, "dist"), data, flags: ["--sandbox-world", WORLD, "--sign-in-link", ADMIN] });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const wrong = [];
    page.on("pageerror", (error) => wrong.push(error.message));
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && wrong.push(message.text()));
    await page.addInitScript(observe);
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("Performance.enable");
    const open = await watchStreams(cdp);
    const link = new RegExp(`Sign in as ${ADMIN}: (\\S+)`);
    while (!link.test(gateway.said())) await page.waitForTimeout(50);
    await page.goto(link.exec(gateway.said())[1]);
    await page.waitForURL(/notebooks/, { timeout: 60_000 });
    await page.goto(`${gateway.url}/notebooks?ns=load&sort=name`);
    await page.locator(ROW).first().waitFor({ timeout: 60_000 });
    const rows = [];
    for (let at = 0; at <= ROUNDS; at++) {
      if (at % EVERY === 0) {
        const seen = await look(page, cdp, open);
        console.error(`after ${at} rounds: ${JSON.stringify(seen)}`);
        for (const [work, value] of Object.entries(seen)) rows.push(row(work, `after ${at} rounds`, "flowdeck", UNITS[work], "neither", [value]));
      }
      if (at < ROUNDS) await goRound(page, at);
    }
    if (wrong.length > 0) console.error(`the console said ${wrong.length} times what it should not:\n${[...new Set(wrong)].slice(0, 10).join("\n")}`);
    return { rows, about: { goal: "nothing grows from round to round", conditions: conditions(browser.version()) } };
  } finally {
    await browser.close();
    await gateway.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

// Weighs and times the first load of the notebooks page, with a cold cache and a session, on a fast wire and a phone's.
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { readFileSync } from "node:fs";
import { launch } from "../lib/browser.mjs";
import { startGateway } from "../lib/gateway.mjs";
import { root } from "../lib/house.mjs";
import { compare, conditions, row } from "../lib/report.mjs";

const RUNS = 5;
const PAGE = "/notebooks?ns=research-vision";
const PEER = "Kubeflow shell + Jupyter app (weighed before, JavaScript only)";
/** Kubeflow's shell and Jupyter app, JavaScript only, gzip -9 (dashboard-and-notebooks.md §5.3, built and weighed there). */
const PEER_GZIP_BYTES = 694_846;
/** Chromium's own DevTools presets, with its factors for request latency and throughput. */
const WIRES = {
  "no throttling": null,
  "Fast 4G": { offline: false, latency: 60 * 2.75, downloadThroughput: ((9 * 1_000_000) / 8) * 0.9, uploadThroughput: ((1.5 * 1_000_000) / 8) * 0.9 },
};

/** Runs in the page before its scripts: notes the first row of live data. The name's link is what a person looks for. */
function observe() {
  window.firstRow = null;
  const look = () => {
    if (window.firstRow === null && document.querySelector('a[href*="/notebooks/"][href*="ns=research-vision"]') !== null && document.querySelector("[role=row] a, tr a") !== null) window.firstRow = performance.now();
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["href"] });
}

/** One first load; times in ms since navigation began, bytes as they came over the wire. */
async function load(browser, gateway, cookies, wire) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  try {
    await context.addCookies(cookies);
    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    await cdp.send("Network.enable");
    await cdp.send("Network.setCacheDisabled", { cacheDisabled: false });
    if (wire !== null) await cdp.send("Network.emulateNetworkConditions", wire);
    const files = new Map();
    cdp.on("Network.responseReceived", ({ requestId, response }) => files.set(requestId, { path: new URL(response.url).pathname, encoding: response.headers["content-encoding"] ?? response.headers["Content-Encoding"] ?? "none", bytes: 0 }));
    cdp.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
      const file = files.get(requestId);
      if (file !== undefined) file.bytes = encodedDataLength;
    });
    await page.addInitScript(observe);
    await page.goto(gateway.url + PAGE);
    await page.waitForFunction(() => window.firstRow !== null, null, { timeout: 60_000 });
    const times = await page.evaluate(() => ({ shell: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null, row: window.firstRow }));
    // Fonts may still be on their way.
    await page.evaluate(() => document.fonts.ready.then(() => null));
    return { ...times, files: [...files.values()] };
  } finally {
    await context.close();
  }
}

/** What the same files weigh as gzip: the copies that the build made. */
function gzipBytes(path) {
  const file = join(root, "dist", path === "/notebooks" ? "index.html" : path);
  if (!existsSync(file)) return null;
  if (existsSync(`${file}.gz`)) return statSync(`${file}.gz`).size;
  return Math.min(statSync(file).size, gzipSync(readFileSync(file), { level: 9 }).length);
}

const isCluster = (path) => path.startsWith("/k8s/") || path.startsWith("/auth/");

export async function bench() {
  const browser = await launch();
  const data = mkdtempSync(join(tmpdir(), "flowdeck-bench-"));
  const gateway = await startGateway({ app: join(root, "dist"), data });
  try {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(gateway.link);
    await page.waitForURL(/notebooks/, { timeout: 60_000 });
    const cookies = await context.cookies();
    await context.close();
    const rows = [];
    let files = [];
    for (const [name, wire] of Object.entries(WIRES)) {
      const samples = [];
      for (let at = 0; at < RUNS; at++) samples.push(await load(browser, gateway, cookies, wire));
      rows.push(row("shell painted (first contentful paint)", name, "flowdeck", "ms", "less", samples.map((one) => one.shell ?? NaN)));
      rows.push(row("first live row", name, "flowdeck", "ms", "less", samples.map((one) => one.row)));
      files = samples.at(-1).files;
      const ours = samples.map((one) => one.files.filter((file) => !isCluster(file.path)));
      rows.push(row("files over the wire, headers too", name, "flowdeck", "B", "less", ours.map((list) => list.reduce((sum, file) => sum + file.bytes, 0))));
      rows.push(row("answers of the cluster until then", name, "flowdeck", "B", "less", samples.map((one) => one.files.filter((file) => isCluster(file.path)).reduce((sum, file) => sum + file.bytes, 0))));
    }
    const weighed = files.filter((file) => !isCluster(file.path)).map((file) => ({ ...file, gzip: gzipBytes(file.path) }));
    const size = `${weighed.length} files`;
    rows.unshift(row("first load, gzip", "all its files", "flowdeck", "B", "less", [weighed.reduce((sum, file) => sum + (file.gzip ?? file.bytes), 0)]), row("first load, gzip", "all its files", PEER, "B", "less", [PEER_GZIP_BYTES], "JavaScript only"));
    for (const file of weighed) rows.push(row(`file ${file.path}`, file.encoding, "flowdeck", "B", "less", [file.bytes], `gzip ${file.gzip} B`));
    return { rows: compare(rows, PEER), about: { goal: `first load at most 300,000 B of gzip (${size})`, conditions: conditions(browser.version()) } };
  } finally {
    await browser.close();
    await gateway.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

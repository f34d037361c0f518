// Measures a list of 10,000 moving notebooks through the gateway: the app against a plain React table on the same watch.
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { launch, Renderer } from "../lib/browser.mjs";
import { ALICE, Client, startGateway } from "../lib/gateway.mjs";
import { here, results, root } from "../lib/house.mjs";
import { compare, conditions, quantile, row } from "../lib/report.mjs";
import { create, observe, Stream, write } from "./probe.mjs";

const NOTEBOOKS = Number(process.env.BENCH_NOTEBOOKS ?? 10_000);
const RATES = (process.env.BENCH_RATES ?? "500,2000").split(",").map(Number);
const RUNS = Number(process.env.BENCH_RUNS ?? 3);
const SETTLE_MS = 2_000;
const MEASURE_MS = 6_000;
/** Every 50 ms: 20 probes a second are 1 % of the load. */
const PROBE_MS = 50;
/** How long a page may take until it shows a fresh probe: the peer with all rows needs long. */
const PATIENCE_MS = 90_000;

const PEER = "React, page of 100";
const ENGINES = {
  flowdeck: "/notebooks?ns=load&sort=name",
  [PEER]: "/bench-peer.html?ns=load&rows=100",
  "React, all rows": `/bench-peer.html?ns=load&rows=${NOTEBOOKS + 1}`,
};

/** The app's folder with the peer's page in it: both come from the gateway, both use its session. */
async function site() {
  const folder = join(results, "list-site");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // With their times: the gateway leaves compressed copies alone that are older than what they are copies of.
  cpSync(join(root, "dist"), folder, { recursive: true, preserveTimestamps: true });
  const peer = join(here, "list/peer");
  await build({ entryPoints: [join(peer, "peer.jsx")], bundle: true, minify: true, format: "esm", jsx: "automatic", define: { "process.env.NODE_ENV": '"production"' }, outfile: join(folder, "bench-peer.js"), logLevel: "error" });
  cpSync(join(peer, "index.html"), join(folder, "bench-peer.html"));
  cpSync(join(peer, "peer.css"), join(folder, "bench-peer.css"));
  return folder;
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function until(what, patience, check) {
  const end = Date.now() + patience;
  while (Date.now() < end) {
    if (await check()) return;
    await pause(200);
  }
  throw new Error(`${what}: not within ${patience / 1000} s`);
}

/** One measurement of one page; the page is fresh. */
async function measure(browser, context, client, url, engine) {
  const page = await context.newPage();
  try {
    const began = Date.now();
    await page.goto(url + ENGINES[engine]);
    await page.evaluate(observe);
    await until(`${engine} shows a change`, PATIENCE_MS, async () => {
      await write(client);
      return (await page.evaluate(() => window.probe.last())) >= began;
    });
    const ready = Date.now() - began;
    const cdp = await context.newCDPSession(page);
    await cdp.send("Performance.enable", { timeDomain: "timeTicks" });
    const renderer = await Renderer.of(browser, page);
    await pause(SETTLE_MS);
    const counted = async () => Object.fromEntries((await cdp.send("Performance.getMetrics")).metrics.map(({ name, value }) => [name, value]));
    const stream = await Stream.open(client);
    await page.evaluate(() => window.probe.start());
    const before = { cpu: renderer.mainMs(), metrics: await counted(), at: Date.now() };
    const written = [];
    for (let next = Date.now(); next - before.at < MEASURE_MS; next += PROBE_MS) {
      await pause(Math.max(0, next - Date.now()));
      written.push(await write(client));
    }
    const cpu = renderer.mainMs() - before.cpu;
    const after = await counted();
    const { seen, frames } = await page.evaluate(() => window.probe.take());
    const elapsed = Date.now() - before.at;
    const { events } = stream;
    await pause(300);
    stream.close();
    return summary({ seen, frames, written, stream, events, cpu, elapsed, ready, share: (name) => ((after[name] - before.metrics[name]) * 1e5) / elapsed });
  } finally {
    await page.close();
  }
}

function summary({ seen, frames, written, stream, events, cpu, elapsed, ready, share }) {
  const gaps = frames.slice(1).map((time, at) => time - frames[at]);
  const fresh = seen.filter(([at]) => written.includes(at));
  const lags = fresh.map(([at, shown]) => shown - at);
  // Never shown before the end: they lag at least until now. Those that a later one in the same frame replaced are fine.
  const lastSeen = Math.max(0, ...fresh.map(([at]) => at));
  const end = Math.max(...written);
  for (const at of written) if (at > lastSeen) lags.push(Math.max(0, end - at));
  const placed = fresh.filter(([at]) => stream.places.has(at)).sort((a, b) => a[1] - b[1]);
  const [first, last] = [placed[0], placed.at(-1)];
  const applied = placed.length < 2 ? 0 : ((stream.places.get(last[0]) - stream.places.get(first[0])) * 1000) / (last[1] - first[1]);
  return {
    // A page that stands still is asked for its frames long after the end: it has had that long for them.
    "frames a second": (frames.length * 1000) / elapsed,
    "frame p95": gaps.length < 2 ? elapsed : quantile(gaps, 0.95),
    "events sent": (events * 1000) / elapsed,
    "events applied": applied,
    "lag p50": quantile(lags, 0.5),
    "lag p95": quantile(lags, 0.95),
    "main thread, CPU": (cpu * 100) / elapsed,
    "main thread, in tasks": share("TaskDuration"),
    "until the first change shows": ready,
  };
}

const UNITS = { "frames a second": ["fps", "more"], "frame p95": ["ms", "less"], "events sent": ["1/s", "neither"], "events applied": ["1/s", "more"], "lag p50": ["ms", "less"], "lag p95": ["ms", "less"], "main thread, CPU": ["%", "less"], "main thread, in tasks": ["%", "less"], "until the first change shows": ["ms", "less"] };

async function world(browser, folder, data, rate) {
  const gateway = await startGateway({ app: folder, data, flags: ["--sandbox-world", `load:pods=0,notebooks=${NOTEBOOKS},rate=${rate}`] });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  try {
    const page = await context.newPage();
    await page.goto(gateway.link);
    await until(`${ALICE} is signed in`, 30_000, async () => (await context.cookies()).length > 0);
    await page.close();
    const client = new Client(gateway.url, await context.cookies());
    await until(`the ${NOTEBOOKS} notebooks are there`, 600_000, async () => {
      const { status, text } = await client.send("GET", "/k8s/apis/kubeflow.org/v1/namespaces/load/notebooks?limit=1");
      return status === 200 && (JSON.parse(text).metadata.remainingItemCount ?? 0) >= NOTEBOOKS - 1;
    });
    await create(client);
    const samples = Object.fromEntries(Object.keys(ENGINES).map((engine) => [engine, []]));
    for (let at = 0; at < RUNS; at++) {
      for (const engine of Object.keys(ENGINES)) {
        samples[engine].push(await measure(browser, context, client, gateway.url, engine));
        if (process.env.BENCH_VERBOSE) console.error(rate, engine, samples[engine].at(-1));
      }
    }
    const size = `${NOTEBOOKS.toLocaleString("en")} rows, ${rate}/s`;
    return Object.keys(UNITS).flatMap((work) => Object.keys(ENGINES).map((engine) => row(work, size, engine, ...UNITS[work], samples[engine].map((one) => one[work]))));
  } finally {
    await context.close();
    await gateway.stop();
  }
}

export async function bench() {
  const folder = await site();
  const browser = await launch();
  const rows = [];
  const about = { goal: "2,000 events a second at 58 frames a second or more, lag p95 at most 100 ms" };
  try {
    for (const rate of RATES) {
      const data = mkdtempSync(join(tmpdir(), "flowdeck-bench-"));
      try {
        rows.push(...(await world(browser, folder, data, rate)));
      } finally {
        rmSync(data, { recursive: true, force: true });
      }
    }
    return { rows: compare(rows, PEER), about: { ...about, conditions: conditions(browser.version()) } };
  } finally {
    await browser.close();
  }
}

// Measures how long a page's main thread needs to read 10,000 objects, and what it keeps: our parser against JSON.parse.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { heapInUse, launch, MainThread } from "../lib/browser.mjs";
import { serve } from "../lib/files.mjs";
import { here, results, root, runForWasm } from "../lib/house.mjs";
import { compare, conditions, row } from "../lib/report.mjs";
import { pages } from "./objects.mjs";

const OBJECTS = 10_000;
/** The app asks for pages of this size; one body is the whole list in one answer. */
const PAGE = 500;
const FRESH_PAGES = 3;
const RUNS = 5;
const ENGINES = ["flowdeck", "JSON.parse"];
const work = join(here, "parse");

/** The Wasm module, built as the app is. */
function build() {
  const profile = (file) => readFileSync(file, "utf8").match(/^\[profile\.web\][^[]*/m)?.[0].trim();
  if (profile(join(work, "Cargo.toml")) !== profile(join(root, "Cargo.toml"))) throw new Error("bench/parse/Cargo.toml has another [profile.web] than Cargo.toml: make them equal");
  const out = join(results, "parse");
  const cargo = join(out, "target");
  runForWasm("cargo", ["build", "-q", "--locked", "--manifest-path", join(work, "Cargo.toml"), "--target", "wasm32-unknown-unknown", "--profile", "web"], { CARGO_TARGET_DIR: cargo });
  runForWasm("wasm-bindgen", [join(cargo, "wasm32-unknown-unknown/web/flowdeck_bench_parse.wasm"), "--target", "web", "--no-typescript", "--out-dir", out, "--out-name", "bound"]);
  // The same optimiser, at the level that index.html asks Trunk for.
  const level = readFileSync(join(root, "index.html"), "utf8").match(/data-wasm-opt="([^"]+)"/)?.[1];
  runForWasm("wasm-opt", [join(out, "bound_bg.wasm"), `-O${level ?? ""}`, "-o", join(out, "page.wasm")]);
  return { js: join(out, "bound.js"), wasm: join(out, "page.wasm") };
}

async function open(browser, url, kind, count) {
  const page = await browser.newPage();
  await page.goto(url);
  await page.waitForFunction(() => "bench" in window);
  const bytes = await page.evaluate(([kind, count]) => window.bench.load(kind, count), [kind, count]);
  const cdp = await page.context().newCDPSession(page);
  return { page, cdp, bytes, thread: await MainThread.of(browser, page) };
}

/** One reading: CPU ms of the main thread and wall ms. */
async function read({ page, cdp, thread }, engine, kind) {
  await heapInUse(cdp);
  const before = thread.ms();
  const { wall, objects } = await page.evaluate(([engine, kind]) => window.bench.read(engine, kind), [engine, kind]);
  const cpu = thread.ms() - before;
  if (objects !== OBJECTS) throw new Error(`${engine} read ${objects} objects instead of ${OBJECTS}`);
  return { cpu, wall };
}

async function times(browser, url, kind, count, size) {
  const first = Object.fromEntries(ENGINES.map((engine) => [engine, []]));
  const warm = Object.fromEntries(ENGINES.map((engine) => [engine, []]));
  for (let fresh = 0; fresh < FRESH_PAGES; fresh++) {
    const opened = await open(browser, url, kind, count);
    // Whoever is first in a page meets a colder machine: take turns.
    const order = fresh % 2 === 0 ? ENGINES : [...ENGINES].reverse();
    for (let at = 0; at <= RUNS; at++) {
      for (const engine of order) {
        const sample = await read(opened, engine, kind);
        (at === 0 ? first : warm)[engine].push(sample);
        await opened.page.evaluate(() => window.bench.drop());
      }
    }
    await opened.page.close();
  }
  const rows = (what, samples) => ENGINES.flatMap((engine) => [row(`${what}, CPU`, size, engine, "ms", "less", samples[engine].map((one) => one.cpu)), row(`${what}, wall`, size, engine, "ms", "less", samples[engine].map((one) => one.wall))]);
  const named = `parse ${kind}`;
  return [...rows(named, warm), ...rows(`${named}, first time`, first)];
}

/** What stays in memory after the whole list was read, in a page of its own for each engine. */
async function memory(browser, url, kind, count, size) {
  const rows = [];
  for (const engine of ENGINES) {
    const samples = [];
    for (let fresh = 0; fresh < FRESH_PAGES; fresh++) {
      const opened = await open(browser, url, kind, count);
      const weigh = async () => (await heapInUse(opened.cdp)) + (await opened.page.evaluate(() => window.bench.wasmBytes()));
      const before = await weigh();
      await read(opened, engine, kind);
      samples.push(((await weigh()) - before) / 2 ** 20);
      await opened.page.close();
    }
    rows.push(row(`keep ${kind}`, size, engine, "MiB", "less", samples, "growth of JavaScript's heap after garbage collection and of the Wasm memory, which never shrinks"));
  }
  return rows;
}

export async function bench() {
  const { js, wasm } = build();
  const browser = await launch();
  const rows = [];
  try {
    for (const kind of ["pods", "notebooks"]) {
      for (const [size, count] of [[PAGE, OBJECTS / PAGE], [OBJECTS, 1]]) {
        const bodies = pages(kind, OBJECTS, size);
        const files = { "/": join(work, "page.html"), "/page.mjs": join(work, "page.mjs"), "/wasm.js": js, "/wasm.wasm": wasm };
        bodies.forEach((text, at) => (files[`/${kind}/${at}.json`] = { text }));
        const server = await serve(files);
        const megabytes = (bodies.reduce((sum, body) => sum + Buffer.byteLength(body), 0) / 1e6).toFixed(0);
        const named = `10,000 (${megabytes} MB), ${count === 1 ? "one body" : `pages of ${size}`}`;
        rows.push(...(await times(browser, server.url, kind, count, named)), ...(await memory(browser, server.url, kind, count, named)));
        server.close();
      }
    }
    return { rows: compare(rows, "JSON.parse"), about: { goal: "at least 4 times less CPU than JSON.parse, at most a quarter of its memory", conditions: conditions(browser.version()) } };
  } finally {
    await browser.close();
  }
}

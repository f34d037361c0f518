// Measures how long a page's main thread needs to read 10,000 objects, and what it keeps: our parser against JSON.parse.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { heapInUse, launch, Renderer } from "../lib/browser.mjs";
import { serve } from "../lib/files.mjs";
import { here, results, root, runForWasm, shrink } from "../lib/house.mjs";
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
  shrink(join(out, "bound_bg.wasm"));
  return { js: join(out, "bound.js"), wasm: join(out, "bound_bg.wasm") };
}

async function open(browser, url, kind, count) {
  const page = await browser.newPage();
  await page.goto(url);
  await page.waitForFunction(() => "bench" in window);
  const bytes = await page.evaluate(([kind, count]) => window.bench.load(kind, count), [kind, count]);
  const cdp = await page.context().newCDPSession(page);
  return { page, cdp, bytes, renderer: await Renderer.of(browser, page) };
}

/** One reading: CPU ms of all threads of the page's process (the collector's too) and of the main thread, and wall ms. */
async function read({ page, cdp, renderer }, engine, kind) {
  await heapInUse(cdp);
  const before = { cpu: renderer.allMs(), main: renderer.mainMs() };
  const { wall, objects } = await page.evaluate(([engine, kind]) => window.bench.read(engine, kind), [engine, kind]);
  const [cpu, main] = [renderer.allMs() - before.cpu, renderer.mainMs() - before.main];
  if (objects !== OBJECTS) throw new Error(`${engine} read ${objects} objects instead of ${OBJECTS}`);
  return { cpu, main, wall };
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
  const rows = (what, key, samples) => ENGINES.map((engine) => row(`${kind}: ${what}`, size, engine, "ms", "less", samples[engine].map((one) => one[key])));
  return [...rows("CPU", "cpu", warm), ...rows("CPU of main thread", "main", warm), ...rows("wall time", "wall", warm), ...rows("CPU, first time", "cpu", first)];
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
    rows.push(row(`${kind}: kept`, size, engine, "MiB", "less", samples, "growth of JavaScript's heap after garbage collection and of the Wasm memory, which never shrinks"));
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

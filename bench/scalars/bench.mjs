// Measures the curves: reading event files against TensorBoard's loaders, and a million points against JavaScript and uPlot.
import { execFileSync, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { here, results, root, run, runForWasm } from "../lib/house.mjs";
import { compare, conditions, row } from "../lib/report.mjs";
import * as js from "./peers.mjs";

const RUNS = 7;
const POINTS = 1_000_000;
const PIXELS = 1_200;
/** As large as a piece that a page gets from the network. */
const PIECE = 1 << 18;
/** How Linux counts the time of a process (`getconf CLK_TCK`). */
const TICKS_PER_SECOND = 100;
const work = join(here, "scalars");
const out = join(results, "scalars");
const SIZES = { one: "1 run x 1 tag x 1M", many: "50 runs x 20 tags x 1k", mixed: "1 GB, pictures between", twentieth: "1 run x 1 tag x 50k" };

/** The program, and the Wasm module from the page's profile. */
function build() {
  const profile = (file) => readFileSync(file, "utf8").match(/^\[profile\.web\][^[]*/m)?.[0].trim();
  if (profile(join(work, "Cargo.toml")) !== profile(join(root, "Cargo.toml"))) throw new Error("bench/scalars/Cargo.toml has another [profile.web] than Cargo.toml: make them equal");
  const target = join(out, "target");
  const manifest = ["--locked", "--manifest-path", join(work, "Cargo.toml")];
  run("cargo", ["build", "-q", "--release", "--bins", ...manifest], { env: { ...process.env, CARGO_TARGET_DIR: target } });
  runForWasm("cargo", ["build", "-q", "--lib", "--target", "wasm32-unknown-unknown", "--profile", "web", ...manifest], { CARGO_TARGET_DIR: target });
  return { program: join(target, "release/flowdeck-bench-scalars"), wasm: join(target, "wasm32-unknown-unknown/web/flowdeck_bench_scalars.wasm") };
}

/** The CPU time of this thread alone, as Linux counts it: other programs may want the machine, V8's collector works elsewhere. */
const cpuMs = () => Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[0]) / 1e6;

/** Runs `what` a few times and gives each time's CPU milliseconds; the first, cold one is left out. */
function times(what, runs = RUNS, repeat = 1) {
  const samples = [];
  for (let at = 0; at <= runs; at++) {
    const began = cpuMs();
    for (let again = 0; again < repeat; again++) what();
    samples.push((cpuMs() - began) / repeat);
  }
  return samples.slice(1);
}

function logs(program, kind) {
  const folder = join(out, "logs", kind);
  if (!existsSync(folder)) {
    mkdirSync(folder, { recursive: true });
    run(program, ["make", kind, folder]);
  }
  return folder;
}

const files = (folder) => readdirSync(folder, { recursive: true }).filter((name) => name.includes("tfevents")).sort().map((name) => join(folder, name));

/** Reads a log directory in the module: each piece goes from the file into its memory. */
function readInWasm(wasm, folder) {
  wasm.begin();
  const room = wasm.room(PIECE);
  let bytes = 0;
  files(folder).forEach((name, at) => {
    wasm.file();
    const file = openSync(name);
    for (;;) {
      const count = readSync(file, new Uint8Array(wasm.memory.buffer, room, PIECE));
      if (count === 0) break;
      bytes += count;
      wasm.push(count, at);
    }
    closeSync(file);
  });
  return bytes;
}

/** Where tests/fixtures/scalars/make.py put TensorBoard; nothing if it was not asked to. */
function python() {
  const venv = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "flowdeck/scalars-python/bin/python");
  return existsSync(venv) ? venv : undefined;
}

/** The CPU seconds of all threads of TensorBoard's data server until its first load is done, all points kept. */
async function dataServer(program, folder, checksum) {
  const server = spawn(program, ["--logdir", folder, "--reload", "once", "--port", "0", "--die-after-stdin", "-v", "--samples-per-plugin", "scalars=all", ...(checksum ? ["--checksum"] : [])]);
  let said = "";
  const secs = await new Promise((resolve, reject) => {
    server.stderr.on("data", (piece) => {
      said += piece;
      if (!said.includes("Finished load cycle")) return;
      const fields = readFileSync(`/proc/${server.pid}/stat`, "utf8").split(") ")[1].split(" ");
      resolve((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND);
    });
    server.on("exit", () => reject(new Error(said)));
  });
  server.removeAllListeners("exit");
  server.stdin.end();
  await new Promise((resolve) => server.on("exit", resolve));
  return secs;
}

async function reading(program, wasm) {
  const rows = [];
  const loader = python();
  const server = loader && execFileSync(loader, ["-c", "from tensorboard.data import server_ingester as s; print(s.get_server_binary().path)"], { encoding: "utf8" }).trim();
  for (const kind of ["one", "many", "mixed", "twentieth"]) {
    const folder = logs(program, kind);
    const runs = kind === "mixed" ? 5 : RUNS;
    const { secs, bytes, points, beside } = JSON.parse(execFileSync(program, ["read", folder, String(runs + 1)]));
    const add = (engine, seconds, note) => rows.push(row("reading, CPU", SIZES[kind], engine, "MB/s", "more", seconds.map((one) => bytes / 1e6 / one), note));
    add("flowdeck", secs.slice(1), "with all checksums");
    add("flowdeck in Wasm", times(() => readInWasm(wasm, folder), runs).map((ms) => ms / 1e3), "with all checksums");
    if (wasm.points() !== points) throw new Error(`${wasm.points()} points in Wasm, ${points} natively`);
    rows.push(row("memory beside the columns, reading", SIZES[kind], "flowdeck", "MB", "less", [beside / 1e6]));
    if (server) {
      for (const checksum of [false, true]) {
        const seconds = [];
        for (let at = 0; at < (kind === "mixed" ? 3 : 5); at++) seconds.push(await dataServer(server, folder, checksum));
        add(`data server 0.7.2${checksum ? " --checksum" : ""}`, seconds);
      }
    }
    if (loader && kind === "twentieth") {
      const seconds = [];
      for (let at = 0; at < 5; at++) seconds.push(JSON.parse(execFileSync(loader, [join(root, "tests/fixtures/scalars/make.py"), "bench", folder, "python"], { encoding: "utf8" })).secs);
      add("Python loader 2.21.0", seconds);
    }
    if (kind === "mixed") rmSync(folder, { recursive: true });
  }
  if (!loader) console.error("TensorBoard is not there: `python3 tests/fixtures/scalars/make.py check` installs it");
  return compare(rows, "data server 0.7.2");
}

/** A walk with a spike now and then. */
function walk() {
  const y = new Float32Array(POINTS);
  let [state, height] = [1, 0];
  for (let at = 0; at < POINTS; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    height += state / 2 ** 31;
    y[at] = height + (state % 50_000 === 0 ? 500 : 0);
  }
  return y;
}

/** Twenty windows from wide to narrow, where they are by chance; always the same. */
function windows() {
  let state = 7;
  const random = () => ((state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) / 0x7fffffff);
  return Array.from({ length: 20 }, () => {
    const width = 10 ** (4 + 2 * random());
    const from = random() * (POINTS - width);
    return [from, from + width];
  });
}

/** Makes sure that Wasm's vectors find the same columns as the native ones, which tests hold to a plain loop. */
function sameInWasm(program, wasm, input) {
  const all = [[0, POINTS - 1], ...windows()];
  const here = all.reduce((sum, [from, to]) => sum + wasm.work(6, from, to), 0);
  const { sum } = JSON.parse(execFileSync(program, ["work", "6", "1", ...all.flat().map(String)], { input }));
  if (here !== sum) throw new Error(`the columns' sum is ${here} in Wasm, ${sum} natively`);
}

async function screen(program, wasm) {
  const values = walk();
  const room = wasm.room(POINTS * 4);
  new Uint8Array(wasm.memory.buffer, room, POINTS * 4).set(new Uint8Array(values.buffer));
  wasm.load();
  const input = Buffer.from(values.buffer);
  const native = (which, some, runs = RUNS) => JSON.parse(execFileSync(program, ["work", String(which), String(runs + 3), ...some.flat().map(String)], { input, maxBuffer: 2 ** 26 })).ms.slice(3);
  sameInWasm(program, wasm, input);
  const x = Float64Array.from({ length: POINTS }, (_, at) => at);
  const y = Float64Array.from(values);
  const rows = [];
  const uplot = await js.uplot(x, y, PIXELS);
  const loop = js.columns(x, y, PIXELS);
  for (const [size, some] of [["1M, all", [[0, POINTS - 1]]], ["1M, 20 windows, each", windows()]]) {
    const each = (what, repeat = 1) => times(() => some.forEach(([from, to]) => what(from, to)), 25, repeat).map((ms) => ms / some.length);
    // The scheduler counts in ticks: what is short is done again until it takes a while.
    const often = 400 / some.length;
    const name = `${PIXELS} columns, CPU`;
    rows.push(row(name, size, "flowdeck in Wasm", "ms", "less", each((from, to) => wasm.work(0, from, to), often)));
    rows.push(row(name, size, "flowdeck in Wasm, no pyramid", "ms", "less", each((from, to) => wasm.work(1, from, to), often)));
    rows.push(row(name, size, "flowdeck", "ms", "less", native(0, some, 25)));
    rows.push(row(name, size, "flowdeck, no pyramid", "ms", "less", native(1, some, 25)));
    rows.push(row(name, size, "loop in JavaScript", "ms", "less", each(loop, Math.ceil(often / 40))));
    rows.push(row(name, size, "uPlot 1.6.32", "ms", "less", each(uplot, Math.ceil(often / 40)), "its path builder, with a path that keeps nothing"));
  }
  const done = compare(rows, "uPlot 1.6.32");
  const points = Array.from(x, (at) => ({ x: at, y: y[at] }));
  const rest = [];
  for (const [name, which, peer] of [
    ["smoothing, CPU", 2, () => js.smooth(y, 0.6)],
    ["domain without outliers, CPU", 3, () => js.extent(x, y)],
    ["nearest point, CPU", 4, () => js.nearest(points, 612_345.6)],
  ]) {
    const repeat = which === 4 ? 100_000 : 4;
    const window = [[612_345.6, POINTS]];
    rest.push(row(name, "1M", "flowdeck in Wasm", "ms", "less", times(() => wasm.work(which, ...window[0]), RUNS, repeat)));
    rest.push(row(name, "1M", "flowdeck", "ms", "less", native(which, Array.from({ length: which === 4 ? 5_000 : 4 }, () => window[0]))));
    rest.push(row(name, "1M", "JavaScript", "ms", "less", times(peer), which === 4 ? "copies all x first, as TensorBoard's chart does" : undefined));
    if (which === 4) rest.push(row(name, "1M", "JavaScript without the copy", "ms", "less", times(() => js.nearestOf(x, 612_345.6), RUNS, repeat)));
  }
  return [...done, ...compare(rest, "JavaScript")];
}

export async function bench() {
  const { program, wasm: file } = build();
  const { instance } = await WebAssembly.instantiate(readFileSync(file), {});
  const rows = [...(await screen(program, instance.exports)), ...(await reading(program, instance.exports))];
  const goal = "reading at 150 MB/s natively and 80 MB/s in Wasm; a million points to 1,200 columns in 0.3 ms, 10 times better than uPlot and than a loop";
  return { rows, about: { goal, conditions: conditions() } };
}

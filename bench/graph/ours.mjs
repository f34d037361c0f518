// Lays graphs out with our crate: as a native program, and in Wasm as the page has it.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { cpuMs, here, results, root, run, runForWasm, shrink } from "../lib/house.mjs";

const work = join(here, "graph");
const cargo = join(results, "graph/target");

/** The graph as our programs read it: boxes, the group of each and one, the ends of edges. */
export const text = ({ nodes, edges, parents = [] }) => [nodes, ...Array.from({ length: nodes }, (_, node) => (parents[node] ?? -1) + 1), ...edges.flat()].join(" ");

/** The native program. */
export function buildNative() {
  run("cargo", ["build", "-q", "--release", "--locked", "--manifest-path", join(work, "Cargo.toml")], { env: { ...process.env, CARGO_TARGET_DIR: cargo } });
  return join(cargo, "release/flowdeck-bench-graph");
}

/** CPU times of reading a pipeline's file and a run's status, natively. */
export function reading() {
  const example = ["run", "-q", "--release", "--locked", "-p", "flowdeck-graph", "--example", "read_times"];
  const lines = execFileSync("cargo", example, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim().split("\n");
  return lines.map((line) => JSON.parse(line));
}

/** Lays out in the native program, `runs` times after the first. */
export function native(program, graph, runs, bundleAbove = 0) {
  const { times, ...drawing } = JSON.parse(execFileSync(program, ["time", String(runs), String(bundleAbove)], { input: text(graph), maxBuffer: 2 ** 28 }));
  return { times: times.slice(1), ...drawing };
}

/** The Wasm module, built as the page is: the same profile, binding and optimiser. */
export async function buildWasm() {
  const profile = (file) => [...readFileSync(file, "utf8").replace(/^#.*/gm, "").matchAll(/^\[profile\.web(?:\.package\.flowdeck-graph)?\][^[]*/gm)].map(([part]) => part.trim()).join("\n");
  if (profile(join(work, "Cargo.toml")) !== profile(join(root, "Cargo.toml"))) throw new Error("bench/graph/Cargo.toml has another [profile.web] than Cargo.toml: make them equal");
  const out = join(results, "graph");
  runForWasm("cargo", ["build", "-q", "--lib", "--locked", "--manifest-path", join(work, "Cargo.toml"), "--target", "wasm32-unknown-unknown", "--profile", "web"], { CARGO_TARGET_DIR: cargo });
  runForWasm("wasm-bindgen", [join(cargo, "wasm32-unknown-unknown/web/flowdeck_bench_graph.wasm"), "--target", "web", "--no-typescript", "--out-dir", out, "--out-name", "bound"]);
  shrink(join(out, "bound_bg.wasm"));
  const bound = await import(pathToFileURL(join(out, "bound.js")));
  bound.initSync({ module: readFileSync(join(out, "bound_bg.wasm")) });
  return bound;
}

/** Lays out in Wasm in this thread, `runs` times after the first. */
export function wasm({ Bench }, graph, runs, bundleAbove = 0) {
  const bench = new Bench(text(graph), bundleAbove);
  const times = [];
  for (let at = 0; at <= runs; at++) {
    // The scheduler counts in ticks: small layouts are repeated until they take a while.
    const began = cpuMs();
    let count = 0;
    do {
      bench.lay_out();
      count++;
    } while (cpuMs() - began < 60 && count < 5000);
    times.push((cpuMs() - began) / count);
  }
  const [rects, points, spans] = [bench.rects(), bench.points(), bench.spans()];
  const slice = (list, at, width) => Array.from(list.subarray(at * width, (at + 1) * width));
  const drawing = {
    rects: Array.from({ length: graph.nodes }, (_, node) => slice(rects, node, 4)),
    routes: graph.edges.map((_, edge) => Array.from({ length: spans[2 * edge + 1] - spans[2 * edge] }, (_, at) => slice(points, spans[2 * edge] + at, 2))),
  };
  bench.free();
  return { times: times.slice(1), ...drawing };
}

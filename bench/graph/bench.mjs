// Measures the layout of pipelines against dagre 0.8.5, which Kubeflow Pipelines' and Argo's pages use: CPU time, and how well it is drawn.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import dagre from "dagre";
import { here, results, run } from "../lib/house.mjs";
import { compare, conditions, row } from "../lib/report.mjs";
import { GRAPHS } from "./graphs.mjs";
import { judge } from "./judge.mjs";

const RUNS = 5;
/** dagre needs minutes for these: once, and not at all. */
const ONCE = ["p5000"];
const OURS_ALONE = ["p20000"];
const BOX = { width: 224, height: 48 };
const work = join(here, "graph");

/** The program that lays out with our crate. */
function build() {
  const cargo = join(results, "graph/target");
  run("cargo", ["build", "-q", "--release", "--locked", "--manifest-path", join(work, "Cargo.toml")], { env: { ...process.env, CARGO_TARGET_DIR: cargo } });
  return join(cargo, "release/flowdeck-bench-graph");
}

function ours(program, { nodes, edges }) {
  const input = `${nodes}\n${edges.map((edge) => edge.join(" ")).join("\n")}\n`;
  const { times, ...drawing } = JSON.parse(execFileSync(program, [String(RUNS)], { input, maxBuffer: 2 ** 28 }));
  return { times: times.slice(1), ...drawing };
}

/** The CPU time of this thread alone, as Linux counts it: V8's collector works in other ones. */
const cpuMs = () => Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[0]) / 1e6;

/** As Kubeflow Pipelines calls it: from the top, with dagre's own gaps, in the main thread. */
function dagres({ nodes, edges }, runs) {
  const times = [];
  let drawing;
  for (let at = 0; at < runs; at++) {
    const began = cpuMs();
    const graph = new dagre.graphlib.Graph({ multigraph: true });
    graph.setGraph({ rankdir: "TB" });
    for (let node = 0; node < nodes; node++) graph.setNode(String(node), { ...BOX });
    edges.forEach(([from, to], edge) => graph.setEdge(String(from), String(to), {}, String(edge)));
    dagre.layout(graph);
    times.push(cpuMs() - began);
    const rects = Array.from({ length: nodes }, (_, node) => graph.node(String(node))).map(({ x, y }) => [x - BOX.width / 2, y - BOX.height / 2, BOX.width, BOX.height]);
    const routes = edges.map(([from, to], edge) => graph.edge({ v: String(from), w: String(to), name: String(edge) }).points.map(({ x, y }) => [x, y]));
    drawing = { rects, routes };
  }
  // The first run is the slowest, before the code is hot: it counts only where it is the only one.
  return { times: times.length > 1 ? times.slice(1) : times, ...drawing };
}

export async function bench() {
  const program = build();
  const rows = [];
  for (const [name, make] of Object.entries(GRAPHS)) {
    const graph = make();
    const size = `${name} (${graph.nodes.toLocaleString("en")} nodes, ${graph.edges.length.toLocaleString("en")} edges)`;
    const engines = { flowdeck: ours(program, graph) };
    if (!OURS_ALONE.includes(name)) engines["dagre 0.8.5"] = dagres(graph, ONCE.includes(name) ? 1 : RUNS + 1);
    for (const [engine, { times, ...drawing }] of Object.entries(engines)) {
      rows.push(row("layout, CPU", size, engine, "ms", "less", times));
      const seen = judge(graph, drawing);
      rows.push(row("crossings", size, engine, "", "less", [seen.crossings]));
      rows.push(row("length of edges", size, engine, "kpx", "less", [seen.length / 1000]));
      rows.push(row("width", size, engine, "px", "less", [seen.width]));
      rows.push(row("height", size, engine, "px", "neither", [seen.height]));
      for (const [fault, count] of Object.entries(seen.faults)) rows.push(row(`faults: ${fault}`, size, engine, "", "neither", [count]));
    }
  }
  const goal = "time at least 500 times better at 1,000 nodes and 1,000 times at 5,000, crossings 1.8 times, length 2 times; 20,000 nodes in 300 ms";
  return { rows: compare(rows, "dagre 0.8.5"), about: { goal, conditions: conditions() } };
}

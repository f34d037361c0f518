// Measures the layout of pipelines against dagre, which Kubeflow Pipelines' and Argo's pages use, and others: CPU time, and how well it is drawn.
import { compare, conditions, row } from "../lib/report.mjs";
import { groupsOf, measure, peers } from "./engines.mjs";
import { GRAPHS } from "./graphs.mjs";
import { judge } from "./judge.mjs";
import { buildNative, buildWasm, native, reading, wasm } from "./ours.mjs";

const RUNS = 5;
const DAGRE = "dagre 0.8.5";
/** These take seconds to minutes for one run: once only. */
const ONCE = { p5000: [DAGRE, "@dagrejs/dagre 3", "elkjs", "Graphviz (Wasm)"], tangled1000: [DAGRE, "@dagrejs/dagre 3", "elkjs", "Graphviz (Wasm)"], nested1000: [DAGRE, "@dagrejs/dagre 3", "elkjs", "Graphviz (Wasm)"] };
const OURS_ALONE = ["p20000"];
/** How we draw a wide fan by default: folded above this many siblings. */
const FOLD = 40;

/** A peer's drawing, or why there is none. */
async function attempt(lay, graph, runs) {
  try {
    return await measure(lay, graph, runs);
  } catch (error) {
    return { failed: String(error?.message ?? error).slice(0, 120) };
  }
}

/** A drawing as text, its numbers in single precision, as our crate has them. */
const single = ({ rects, routes }) => JSON.stringify([rects, routes], (_, value) => (typeof value === "number" ? Math.fround(value) : value));

/** Time and drawing by each engine. */
async function lay(name, graph, program, module, others) {
  const ours = native(program, graph, RUNS);
  const web = wasm(module, graph, RUNS);
  // The same numbers from both, or one of them is wrong.
  if (single(ours) !== single(web)) throw new Error(`${name}: Wasm draws otherwise than the native program`);
  const engines = { flowdeck: ours, "flowdeck (Wasm)": { times: web.times } };
  if (name === "fan1000") {
    engines["flowdeck, folded"] = { ...native(program, graph, RUNS, FOLD), folded: true };
    engines["flowdeck, folded (Wasm)"] = { times: wasm(module, graph, RUNS, FOLD).times };
  }
  if (OURS_ALONE.includes(name)) return engines;
  for (const [engine, one] of Object.entries(others)) {
    const once = ONCE[name]?.includes(engine);
    const drawing = await attempt(one, graph, once ? 1 : RUNS);
    engines[engine] = { ...drawing, note: drawing.failed ?? (once ? "one run, not warmed up" : undefined) };
    if (drawing.failed) console.error(`${name}: ${engine} failed: ${drawing.failed}`);
  }
  return engines;
}

export async function bench() {
  const program = buildNative();
  const module = await buildWasm();
  const others = await peers();
  const rows = reading().map(({ name, nodes, bytes, times }) => row("reading, CPU", `${name} (${nodes.toLocaleString("en")} nodes, ${(bytes / 1e6).toFixed(1)} MB)`, "flowdeck", "ms", "less", times));
  for (const [name, make] of Object.entries(GRAPHS)) {
    const graph = make();
    const groups = groupsOf(graph).size;
    const size = `${name} (${graph.nodes.toLocaleString("en")} nodes${groups > 0 ? `, ${groups} of them groups` : ""}, ${graph.edges.length.toLocaleString("en")} edges)`;
    const engines = await lay(name, graph, program, module, others);
    for (const [engine, { times, note, failed, folded, ...drawing }] of Object.entries(engines)) {
      if (failed) continue;
      rows.push(row("layout, CPU", size, engine, "ms", "less", times, note));
      if (drawing.rects === undefined) continue;
      const seen = judge(graph, folded ? { ...drawing, routes: unique(drawing.routes) } : drawing);
      rows.push(row("crossings", size, engine, "", "less", [seen.crossings]));
      rows.push(row("length of edges", size, engine, "kpx", "less", [seen.length / 1000]));
      rows.push(row("width", size, engine, "px", "less", [seen.width]));
      rows.push(row("height", size, engine, "px", "neither", [seen.height]));
      for (const [fault, count] of Object.entries(seen.faults)) rows.push(row(`faults: ${fault}`, size, engine, "", "neither", [count]));
    }
  }
  const goal = "native time at least 500 times better than dagre at 1,000 nodes and 1,000 times at 5,000, crossings 1.8 times, length 2 times; 20,000 nodes in 300 ms; no faults of ours; 1,000 tasks of IR read in 50 ms, 20,000 nodes of a status in 150 ms";
  return { rows: compare(rows, DAGRE), about: { goal, conditions: conditions() } };
}

/** Routes that edges share are drawn once; the others have none. */
function unique(routes) {
  const seen = new Set();
  return routes.map((route) => {
    const key = JSON.stringify(route);
    return seen.has(key) ? [] : (seen.add(key), route);
  });
}

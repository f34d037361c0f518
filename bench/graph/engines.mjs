// Lays graphs out with the peers, each as those who use it do: boxes of the same size, the same gaps, edges downwards.
import { cpuMs } from "../lib/house.mjs";

export const BOX = { width: 224, height: 48 };
const GAP = 50;
const INCH = 72;

/** The boxes that hold others. */
export const groupsOf = ({ parents = [] }) => new Set(parents.filter((parent) => parent >= 0));

const corner = ({ x, y, width, height }) => [x - width / 2, y - height / 2, width, height];

/** As Kubeflow Pipelines and Argo call it: from the top, with dagre's own gaps (50), in the main thread. */
function dagre(library) {
  const { default: dagre = library } = library;
  return ({ nodes, edges, parents = [] }) => {
    const groups = groupsOf({ parents });
    const graph = new dagre.graphlib.Graph({ multigraph: true, compound: groups.size > 0 });
    graph.setGraph({ rankdir: "TB" });
    for (let node = 0; node < nodes; node++) graph.setNode(String(node), groups.has(node) ? {} : { ...BOX });
    parents.forEach((parent, node) => parent >= 0 && graph.setParent(String(node), String(parent)));
    edges.forEach(([from, to], edge) => graph.setEdge(String(from), String(to), {}, String(edge)));
    dagre.layout(graph);
    const rects = Array.from({ length: nodes }, (_, node) => corner(graph.node(String(node))));
    const routes = edges.map(([from, to], edge) => graph.edge({ v: String(from), w: String(to), name: String(edge) }).points.map(({ x, y }) => [x, y]));
    return { rects, routes };
  };
}

/** As Headlamp and Airflow call it: layered, edges at right angles. */
async function elk() {
  const { default: Elk } = await import("elkjs/lib/elk.bundled.js");
  return async ({ nodes, edges, parents = [] }) => {
    const spacing = { "elk.spacing.nodeNode": GAP, "elk.layered.spacing.nodeNodeBetweenLayers": GAP };
    const options = { "elk.algorithm": "layered", "elk.direction": "DOWN", ...spacing };
    const groups = groupsOf({ parents });
    const boxes = Array.from({ length: nodes }, (_, node) => ({ id: String(node), ...(groups.has(node) ? { children: [], layoutOptions: options } : BOX) }));
    const root = { id: "root", layoutOptions: { ...options, "elk.hierarchyHandling": groups.size > 0 ? "INCLUDE_CHILDREN" : "INHERIT", "elk.json.shapeCoords": "ROOT", "elk.json.edgeCoords": "ROOT" }, children: [] };
    boxes.forEach((box, node) => (parents[node] >= 0 ? boxes[parents[node]] : root).children.push(box));
    root.edges = edges.map(([from, to], edge) => ({ id: `e${edge}`, sources: [String(from)], targets: [String(to)] }));
    const out = await new Elk().layout(root);
    const rects = Array.from({ length: nodes });
    const visit = ({ children = [] }) => {
      for (const box of children) {
        rects[Number(box.id)] = [box.x, box.y, box.width, box.height];
        visit(box);
      }
    };
    visit(out);
    const routes = edges.map(() => []);
    for (const { id, sections } of out.edges) routes[Number(id.slice(1))] = sections.flatMap(({ startPoint, bendPoints = [], endPoint }) => [startPoint, ...bendPoints, endPoint]).map(({ x, y }) => [x, y]);
    return { rects, routes };
  };
}

/** The graph in Graphviz' language. */
function dot({ nodes, edges, parents = [] }) {
  const groups = groupsOf({ parents });
  const inside = new Map([[-1, []]]);
  for (const group of groups) inside.set(group, []);
  for (let node = 0; node < nodes; node++) inside.get(parents[node] ?? -1).push(node);
  const write = (group) => inside.get(group).map((node) => (groups.has(node) ? `subgraph cluster_${node} {\n${write(node)}\n}` : String(node))).join("\n");
  const sizes = `width=${BOX.width / INCH} height=${BOX.height / INCH}`;
  const lines = edges.map(([from, to], edge) => `${from} -> ${to} [id=e${edge}]`).join("\n");
  return `digraph { nodesep=${GAP / INCH} ranksep=${GAP / INCH} node [shape=box fixedsize=true label="" ${sizes}] edge [arrowhead=none]\n${write(-1)}\n${lines}\n}`;
}

/** Points on the curves that Graphviz draws: piecewise cubic Bézier curves, eight steps each. */
function flatten(spline) {
  const points = spline.split(" ").filter((word) => !/^[se],/.test(word)).map((word) => word.split(",").map(Number));
  const out = [points[0]];
  for (let at = 0; at + 3 < points.length; at += 3) {
    const [a, b, c, d] = points.slice(at, at + 4);
    for (let step = 1; step <= 8; step++) {
      const [t, s] = [step / 8, 1 - step / 8];
      out.push([0, 1].map((axis) => s ** 3 * a[axis] + 3 * s * s * t * b[axis] + 3 * s * t * t * c[axis] + t ** 3 * d[axis]));
    }
  }
  return out;
}

/** Graphviz' dot, compiled to Wasm. */
async function graphviz() {
  const { Graphviz } = await import("@hpcc-js/wasm-graphviz");
  const viz = await Graphviz.load();
  return (graph) => {
    const out = JSON.parse(viz.layout(dot(graph), "json", "dot"));
    const rects = Array.from({ length: graph.nodes });
    const routes = graph.edges.map(() => []);
    // Its y axis points up.
    for (const { name, pos, bb } of out.objects) {
      if (bb !== undefined && name.startsWith("cluster_")) {
        const [left, low, right, high] = bb.split(",").map(Number);
        rects[Number(name.slice(8))] = [left, -high, right - left, high - low];
      } else if (pos !== undefined) {
        const [x, y] = pos.split(",").map(Number);
        rects[Number(name)] = corner({ x, y: -y, ...BOX });
      }
    }
    for (const { id, pos } of out.edges) routes[Number(id.slice(1))] = flatten(pos).map(([x, y]) => [x, -y]);
    return { rects, routes };
  };
}

/** The peers by name, each a function from a graph to rectangles and routes. */
export async function peers() {
  return {
    "dagre 0.8.5": dagre(await import("dagre")),
    "@dagrejs/dagre 3": dagre(await import("@dagrejs/dagre")),
    elkjs: await elk(),
    "Graphviz (Wasm)": await graphviz(),
  };
}

/** Lays a graph out `runs` times and once before to warm up, unless it is run only once; CPU ms of this thread. */
export async function measure(lay, graph, runs) {
  const times = [];
  let drawing;
  for (let at = 0; at < runs + (runs > 1 ? 1 : 0); at++) {
    const began = cpuMs();
    drawing = await lay(graph);
    times.push(cpuMs() - began);
  }
  return { times: runs > 1 ? times.slice(1) : times, ...drawing };
}

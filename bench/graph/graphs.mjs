// Makes pipelines of a given size, the same at every run: layers, skipped layers, joins, a fan, a chain and groups.

/** A small generator of random numbers (mulberry32). */
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Numbers from 0 on, in an order of chance. */
function shuffled(count, pick) {
  const ids = Array.from({ length: count }, (_, at) => at);
  for (let at = count - 1; at > 0; at--) {
    const other = pick(at + 1);
    [ids[at], ids[other]] = [ids[other], ids[at]];
  }
  return ids;
}

/**
 * 1.3 edges a node: a parent in the layer above for each, every seventh layer one task that joins all of the layer above,
 * and the rest (about 13 %) skip one to three layers; shuffled ids.
 *
 * It is the shape of the baselines in the reference (performance.md §1), found again by what dagre 0.8.5 makes of it:
 * 1,174 crossings and 4,505 kpx at 1,000 nodes, where the reference has 1,065 and 4,098.
 */
function layered(nodes, layers, seed) {
  const next = random(seed);
  const pick = (count) => Math.floor(next() * count);
  const ids = shuffled(nodes, pick);
  const joins = (layer) => layer > 0 && layer % 7 === 0;
  const wide = Array.from({ length: layers }, (_, layer) => layer).filter((layer) => !joins(layer));
  const rows = Array.from({ length: layers }, (_, layer) => [ids[layer]]);
  for (let at = layers; at < nodes; at++) rows[wide[(at - layers) % wide.length]].push(ids[at]);
  const edges = [];
  const had = new Set();
  const connect = (from, to) => {
    if (had.has(from * nodes + to)) return;
    had.add(from * nodes + to);
    edges.push([from, to]);
  };
  const any = (row) => row[pick(row.length)];
  for (let layer = 1; layer < layers; layer++) {
    for (const id of rows[layer]) connect(any(rows[layer - 1]), id);
    if (joins(layer)) for (const id of rows[layer - 1]) connect(id, rows[layer][0]);
  }
  while (edges.length < 1.3 * nodes) {
    const layer = 2 + pick(layers - 2);
    const id = any(rows[layer]);
    connect(any(rows[layer - 2 - pick(Math.min(3, layer - 1))]), id);
  }
  return { nodes, edges };
}

/** Harder than pipelines are: 1.3 edges a node: one near parent in the layer above, 12 % from any layer above, joins in every seventh layer; shuffled ids. */
function tangled(nodes, layers, seed) {
  const next = random(seed);
  const pick = (count) => Math.floor(next() * count);
  const ids = shuffled(nodes, pick);
  const rows = Array.from({ length: layers }, () => []);
  ids.forEach((id, at) => rows[at < layers ? at : pick(layers)].push(id));
  const edges = [];
  const had = new Set();
  const connect = (from, to) => {
    if (had.has(from * nodes + to)) return false;
    had.add(from * nodes + to);
    return edges.push([from, to]) > 0;
  };
  // Tasks depend on what is near them: the parent is within an eighth of the row's width, one in ten anywhere.
  const parent = (layer, place) => {
    const row = rows[next() < 0.12 ? pick(layer) : layer - 1];
    const near = place + (next() - 0.5) / (next() < 0.1 ? 0.5 : 4);
    return row[Math.min(row.length - 1, Math.max(0, Math.floor(near * row.length)))];
  };
  for (let layer = 1; layer < layers; layer++) rows[layer].forEach((id, at) => connect(parent(layer, at / rows[layer].length), id));
  while (edges.length < 1.3 * nodes) {
    const layer = 1 + pick(layers - 1);
    if (layer % 7 !== 0 && next() < 0.5) continue;
    const at = pick(rows[layer].length);
    connect(parent(layer, at / rows[layer].length), rows[layer][at]);
  }
  return { nodes, edges };
}

/** Groups of tasks in groups: a layered graph of groups, in each a smaller one, in every fourth of whose tasks another. */
function nested(groups, seed) {
  const next = random(seed);
  const pick = (count) => Math.floor(next() * count);
  const parents = [];
  const edges = [];
  const add = (parent) => parents.push(parent) - 1;
  // The tasks of a small pipeline: a chain of layers of one to three, each with a task of the layer before.
  const fill = (parent, depth) => {
    let [before, all] = [[], []];
    for (let layer = 0; layer < 4; layer++) {
      const row = Array.from({ length: 1 + pick(3) }, () => (depth > 0 && next() < 0.25 ? fill(add(parent), depth - 1) : [add(parent)]));
      for (const tasks of row) if (before.length > 0) edges.push([before[pick(before.length)], tasks[0]]);
      before = row.map((tasks) => tasks.at(-1));
      all = all.concat(row.flat());
    }
    return all;
  };
  const made = [];
  for (let group = 0; group < groups; group++) {
    const tasks = fill(add(-1), 1);
    for (let times = 0; group > 0 && times < 1 + pick(2); times++) {
      const from = made[Math.max(0, group - 1 - pick(4))];
      edges.push([from.at(-1 - pick(from.length)), tasks[pick(tasks.length)]]);
    }
    made.push(tasks);
  }
  return { nodes: parents.length, edges, parents };
}

const count = (length) => Array.from({ length }, (_, at) => at);

/** Every graph by its name; `parents`, where there are any, say the group of each box or -1, groups before what they hold. */
export const GRAPHS = {
  p50: () => layered(50, 10, 1),
  p200: () => layered(200, 23, 2),
  p1000: () => layered(1000, 67, 3),
  p5000: () => layered(5000, 123, 4),
  p20000: () => layered(20000, 250, 5),
  tangled1000: () => tangled(1000, 67, 3),
  fan1000: () => ({ nodes: 1002, edges: count(1000).flatMap((at) => [[0, at + 1], [at + 1, 1001]]) }),
  nested200: () => nested(16, 6),
  nested1000: () => nested(80, 7),
  chain500: () => ({ nodes: 500, edges: count(499).map((at) => [at, at + 1]) }),
};

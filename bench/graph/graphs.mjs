// Makes pipelines of a given size, the same at every run: layers, skipped layers, joins, a fan and a chain.

/** A small generator of random numbers (mulberry32). */
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** 1.3 edges a node: one near parent in the layer above, 12 % from any layer above, joins in every seventh layer; shuffled ids. */
function layered(nodes, layers, seed) {
  const next = random(seed);
  const pick = (count) => Math.floor(next() * count);
  const ids = Array.from({ length: nodes }, (_, at) => at);
  for (let at = nodes - 1; at > 0; at--) {
    const other = pick(at + 1);
    [ids[at], ids[other]] = [ids[other], ids[at]];
  }
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

const count = (length) => Array.from({ length }, (_, at) => at);

/** Every graph by its name. */
export const GRAPHS = {
  p50: () => layered(50, 10, 1),
  p200: () => layered(200, 23, 2),
  p1000: () => layered(1000, 67, 3),
  p5000: () => layered(5000, 123, 4),
  p20000: () => layered(20000, 250, 5),
  fan1000: () => ({ nodes: 1002, edges: count(1000).flatMap((at) => [[0, at + 1], [at + 1, 1001]]) }),
  chain500: () => ({ nodes: 500, edges: count(499).map((at) => [at, at + 1]) }),
};

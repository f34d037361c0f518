// Judges drawings by what can be seen: crossings, length, size, boxes that overlap or are crossed, edges that go up.

const side = (a, b, p) => Math.sign((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]));

/** Crossings of pieces of different routes; touching at an end is none. */
function crossings(routes) {
  const pieces = routes.flatMap((route, edge) => route.slice(1).map((to, at) => (route[at][1] <= to[1] ? { a: route[at], b: to, edge } : { a: to, b: route[at], edge })));
  pieces.sort((one, two) => one.a[1] - two.a[1]);
  let count = 0;
  pieces.forEach(({ a, b, edge }, at) => {
    for (let next = at + 1; next < pieces.length && pieces[next].a[1] < b[1]; next++) {
      const { a: c, b: d, edge: other } = pieces[next];
      if (edge !== other && side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0) count++;
    }
  });
  return count;
}

/** Whether a piece goes through the inside of a box, by clipping it. */
function goesThrough([ax, ay], [bx, by], [x, y, width, height]) {
  let [first, last] = [0, 1];
  for (const [from, delta, low, high] of [[ax, bx - ax, x + 0.5, x + width - 0.5], [ay, by - ay, y + 0.5, y + height - 0.5]]) {
    if (delta === 0) {
      if (from < low || from > high) return false;
      continue;
    }
    const [one, two] = [(low - from) / delta, (high - from) / delta];
    first = Math.max(first, Math.min(one, two));
    last = Math.min(last, Math.max(one, two));
  }
  return first < last;
}

/** Whether one box is the other or around it. */
function holds(parents, outer, inner) {
  while (inner >= 0 && inner !== outer) inner = parents[inner] ?? -1;
  return inner === outer;
}

/** `rects` are [x, y, width, height] and `routes` lists of [x, y], in the order of the graph's boxes and edges. */
export function judge({ edges, parents = [] }, { rects, routes }) {
  const length = routes.reduce((sum, route) => sum + route.slice(1).reduce((part, to, at) => part + Math.hypot(to[0] - route[at][0], to[1] - route[at][1]), 0), 0);
  let [overlaps, through] = [0, 0];
  const order = rects.map((_, at) => at).sort((one, two) => rects[one][1] - rects[two][1]);
  order.forEach((one, at) => {
    const [x, y, width, height] = rects[one];
    for (let next = at + 1; next < order.length; next++) {
      const [left, top, wide] = rects[order[next]];
      if (top >= y + height) break;
      // A group holds what is in it; all others must be apart, but for rounding.
      const apart = left >= x + width - 0.01 || x >= left + wide - 0.01 || top >= y + height - 0.01;
      if (!apart && !holds(parents, one, order[next]) && !holds(parents, order[next], one)) overlaps++;
    }
  });
  const tops = order.map((at) => rects[at][1]);
  const tallest = Math.max(...rects.map((rect) => rect[3]));
  routes.forEach((route, edge) => {
    route.slice(1).forEach((to, at) => {
      const [high, low] = [Math.min(to[1], route[at][1]), Math.max(to[1], route[at][1])];
      let [first, end] = [0, tops.length];
      while (first < end) {
        const middle = (first + end) >> 1;
        if (tops[middle] < high - tallest) first = middle + 1;
        else end = middle;
      }
      for (let next = first; next < tops.length && tops[next] < low; next++) {
        const box = order[next];
        const own = edges[edge].some((end) => holds(parents, box, end));
        if (!own && goesThrough(route[at], to, rects[box])) through++;
      }
    });
  });
  const span = (axis) => Math.max(...rects.map((rect) => rect[axis] + rect[axis + 2])) - Math.min(...rects.map((rect) => rect[axis]));
  const upward = edges.filter(([from, to]) => rects[to][1] <= rects[from][1] && !holds(parents, from, to)).length;
  return { crossings: crossings(routes), length, width: span(0), height: span(1), faults: { overlaps, upward, through } };
}

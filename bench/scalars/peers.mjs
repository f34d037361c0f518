// The same work in plain JavaScript, and uPlot's own path builder.

/** uPlot looks for a page when it is loaded; it needs none to build a path. */
class Path {
  points = 0;
  moveTo() {
    this.points++;
  }
  lineTo() {
    this.points++;
  }
}

/** uPlot 1.6.32's builder of linear paths, as its charts call it; the path itself costs nothing here. */
export async function uplot(x, y, pixels) {
  globalThis.Path2D ??= Path;
  globalThis.devicePixelRatio ??= 1;
  globalThis.navigator ??= { language: "en" };
  const { default: uPlot } = await import("uplot");
  const build = uPlot.paths.linear();
  const round = (value) => Math.round(value);
  const scaleX = { key: "x", ori: 0, dir: 1, distr: 1, min: 0, max: 1 };
  const scaleY = { key: "y", ori: 1, dir: 1, distr: 1, min: 0, max: 1 };
  for (const value of y) {
    scaleY.min = Math.min(scaleY.min, value);
    scaleY.max = Math.max(scaleY.max, value);
  }
  const chart = {
    mode: 1,
    _data: [x, y],
    data: [x, y],
    series: [{ scale: "x" }, { scale: "y", pxRound: round, spanGaps: false, gaps: (_u, _s, _a, _b, gaps) => gaps, fill: null, points: {} }],
    scales: { x: scaleX, y: scaleY },
    bands: [],
    bbox: { left: 0, top: 0, width: pixels, height: 600 },
    valToPosH: (value, scale, size, offset) => offset + (size * (value - scale.min)) / (scale.max - scale.min),
    valToPosV: (value, scale, size, offset) => offset + size * (1 - (value - scale.min) / (scale.max - scale.min)),
    posToVal: (pos) => scaleX.min + (pos / pixels) * (scaleX.max - scaleX.min),
  };
  return (from, to) => {
    [scaleX.min, scaleX.max] = [from, to];
    return build(chart, 1, Math.max(0, Math.ceil(from)), Math.min(x.length - 1, Math.floor(to))).stroke.points;
  };
}

/** First, smallest, largest and last value a column, by one loop over typed arrays. */
export function columns(x, y, pixels) {
  return (from, to) => {
    const [first, min, max, last] = Array.from({ length: 4 }, () => new Float64Array(pixels).fill(NaN));
    const scale = pixels / (to - from);
    for (let at = Math.max(0, Math.ceil(from)); at < x.length && x[at] <= to; at++) {
      const column = Math.min(pixels - 1, ((x[at] - from) * scale) | 0);
      const value = y[at];
      if (!(min[column] <= value)) min[column] = value;
      if (!(max[column] >= value)) max[column] = value;
      if (first[column] !== first[column]) first[column] = value;
      last[column] = value;
    }
    return first.length + last.length;
  };
}

/** TensorBoard's rule (tensorboard-scalars.md §2.1), straight from its words. */
export function smooth(y, weight) {
  if (y.every((value) => value === y[0])) return y;
  const out = new Float64Array(y.length);
  let last = 0;
  let count = 0;
  for (let at = 0; at < y.length; at++) {
    if (!Number.isFinite(y[at])) {
      out[at] = y[at];
      continue;
    }
    last = last * weight + (1 - weight) * y[at];
    count++;
    out[at] = last / (weight === 1 ? 1 : 1 - Math.pow(weight, count));
  }
  return out;
}

/** The extent without outliers: sorts all values, as TensorBoard does; typed arrays sort by number. */
export function extent(x, y) {
  const [xs, ys] = [x.filter(Number.isFinite), y.filter(Number.isFinite).sort()];
  let [low, high] = [Infinity, -Infinity];
  for (const value of xs) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const last = ys.length - 1;
  return [low, high, ys[Math.ceil(last * 0.05)], ys[Math.floor(last * 0.95)]];
}

/** The nearest point with a copy of all x for each look, as TensorBoard's chart does it. */
export const nearest = (points, x) => nearestOf(points.map((point) => point.x), x);

/** The same rule without the copy. */
export function nearestOf(xs, x) {
  let [low, high] = [0, xs.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (xs[middle] > x) high = middle;
    else low = middle + 1;
  }
  const right = Math.min(low, xs.length - 1);
  const left = Math.max(0, right - 1);
  return Math.abs(xs[left] - x) <= Math.abs(xs[right] - x) ? left : right;
}

// Makes large lists of Pods and Notebooks out of recorded ones (shapes/), the same at every run.
import { readFileSync } from "node:fs";

const shapes = (kind) => JSON.parse(readFileSync(new URL(`shapes/${kind}.json`, import.meta.url), "utf8"));
const hex = (number, digits) => number.toString(16).padStart(digits, "0");

/** One object of its own: name, uid, version, address and image differ from one to the next. */
function variant(text, index, former) {
  const name = `${["train", "explore", "vision", "embed", "label"][index % 5]}-${String(index).padStart(5, "0")}`;
  const uid = `${hex(index * 2654435761 % 2 ** 32, 8)}-${hex(index % 65536, 4)}-4${hex(index % 4096, 3)}-9f50-${hex(index * 40503, 12)}`;
  return text
    .replaceAll(former.uid, uid)
    .replaceAll(former.resourceVersion, String(1_000_000 + index))
    .replaceAll(/\blife\b|\bover\b/g, name)
    .replaceAll(/10\.240\.0\.\d+/g, `10.${240 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`)
    .replaceAll('"image":"img"', `"image":"ghcr.io/kubeflow/kubeflow/notebook-servers/jupyter-pytorch-full:v1.10.${index % 7}"`);
}

/** `count` objects as pages of `size`, each a list as the API server answers it. */
export function pages(kind, count, size) {
  const recorded = shapes(kind).map((object) => ({ text: JSON.stringify(object), former: object.metadata }));
  const { apiVersion, kind: Kind } = shapes(kind)[0];
  const out = [];
  for (let at = 0; at < count; at += size) {
    const items = [];
    for (let index = at; index < Math.min(at + size, count); index++) {
      const { text, former } = recorded[index % recorded.length];
      items.push(variant(text, index, former));
    }
    const rest = count - at - items.length;
    const meta = rest > 0 ? { resourceVersion: "2000000", continue: `from-${at + size}`, remainingItemCount: rest } : { resourceVersion: "2000000" };
    out.push(`{"kind":"${Kind}List","apiVersion":"${apiVersion}","metadata":${JSON.stringify(meta)},"items":[${items.join(",")}]}\n`);
  }
  return out;
}

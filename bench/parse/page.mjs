// Holds the bytes of a list in a page and has them read by either engine, on its main thread.
import init, { Kept } from "/wasm.js";

const wasm = await init({ module_or_path: "/wasm.wasm" });
let pages = [];
let kept = null;

const readers = {
  flowdeck(kind, bodies) {
    kept = new Kept();
    let read = 0;
    for (const body of bodies) read += kept[kind](body);
    return read;
  },
  // What an app in JavaScript does with the bytes of an answer, also inside `response.json()`.
  "JSON.parse"(_kind, bodies) {
    kept = [];
    let read = 0;
    for (const body of bodies) {
      const list = JSON.parse(new TextDecoder().decode(body));
      kept.push(list);
      read += list.items.length;
    }
    return read;
  },
};

window.bench = {
  /** Fetches the bytes; they stay in the page and are not counted. */
  async load(kind, count) {
    pages = [];
    for (let at = 0; at < count; at++) pages.push(new Uint8Array(await (await fetch(`/${kind}/${at}.json`)).arrayBuffer()));
    return pages.reduce((sum, page) => sum + page.length, 0);
  },
  /** Reads everything once; wall ms, and how many objects were read. */
  read(engine, kind) {
    const began = performance.now();
    const objects = readers[engine](kind, pages);
    return { wall: performance.now() - began, objects };
  },
  /** Lets go of what was read. */
  drop() {
    if (kept instanceof Kept) kept.free();
    kept = null;
  },
  wasmBytes: () => wasm.memory.buffer.byteLength,
};

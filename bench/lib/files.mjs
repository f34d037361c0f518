// Serves files and texts on a loopback port, isolated so that the page's clock counts in microseconds.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const TYPES = { html: "text/html; charset=utf-8", js: "text/javascript", json: "application/json", mjs: "text/javascript", wasm: "application/wasm" };
const ISOLATED = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** Serves `files`: path → name of a file, or `{ text }`. Ends with `close()`. */
export async function serve(files) {
  const server = createServer((request, response) => {
    const path = new URL(request.url, "http://here").pathname;
    const file = files[path];
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    const type = TYPES[path.split(".").at(-1)] ?? TYPES.html;
    response.writeHead(200, { "Content-Type": type, ...ISOLATED }).end(typeof file === "string" ? readFileSync(file) : file.text);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

// Sees when a change reaches the screen: writes the time into the top row's image, and watches that text in the page.
//
// Knows nothing about the page but that it shows the image of the notebook: the app has no hook for it.

export const NAME = "aaa-probe";
const PATH = "/k8s/apis/kubeflow.org/v1/namespaces/load/notebooks";
const image = (at) => `ghcr.io/bench/probe:t${at}`;
const template = (at) => ({ template: { spec: { containers: [{ name: NAME, image: image(at), resources: { requests: { cpu: "250m", memory: "1Gi" } } }] } } });

/** Makes the notebook that is written to, unless it is there. Its label keeps the sandbox's controllers away. */
export async function create(client) {
  const answer = await client.send("POST", PATH, { apiVersion: "kubeflow.org/v1", kind: "Notebook", metadata: { name: NAME, labels: { "sandbox.flowdeck.dev/load": "true" } }, spec: template(0) });
  if (answer.status !== 201 && answer.status !== 409) throw new Error(`the probe could not be made: ${answer.status} ${answer.text.slice(0, 300)}`);
}

/** Writes the time; resolves when the server has it. */
export async function write(client) {
  const at = Date.now();
  const answer = await client.send("PATCH", `${PATH}/${NAME}`, { spec: template(at) }, "application/merge-patch+json");
  if (answer.status !== 200) throw new Error(`the probe could not be written: ${answer.status} ${answer.text.slice(0, 300)}`);
  return at;
}

/** Runs in the page: notes each probe that the document shows, when it does, and the times of the frames. */
export function observe() {
  const seen = new Map();
  let frames = [];
  const look = (text) => {
    const at = text.match(/probe:t(\d{13})/)?.[1];
    if (at !== undefined && !seen.has(Number(at))) seen.set(Number(at), Date.now());
  };
  new MutationObserver((records) => {
    for (const { type, target, addedNodes } of records) {
      if (type === "characterData") look(target.data);
      else for (const node of addedNodes) look(node.textContent);
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
  const frame = (now) => {
    frames.push(now);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  window.probe = {
    last: () => Math.max(0, ...seen.keys()),
    start: () => {
      seen.clear();
      frames = [];
    },
    take: () => ({ seen: [...seen], frames }),
  };
}

/** Follows the same watch from here and counts its events, so that a probe seen tells how many were applied before it. */
export class Stream {
  /** Index of the event that carried a probe, by the probe's time. */
  places = new Map();
  events = 0;

  static async open(client) {
    const stream = new Stream();
    const listed = await client.send("GET", `${PATH}?limit=1`);
    const from = JSON.parse(listed.text).metadata.resourceVersion;
    stream.response = await client.open("GET", `${PATH}?watch=1&resourceVersion=${from}`);
    if (stream.response.statusCode !== 200) throw new Error(`the watch was refused: ${stream.response.statusCode}`);
    let cut = Buffer.alloc(0);
    // Cutting bytes only: parsing everything here would take the core that the browser needs.
    stream.response.on("data", (piece) => {
      let bytes = cut.length > 0 ? Buffer.concat([cut, piece]) : piece;
      for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10)) {
        stream.take(bytes.subarray(0, end));
        bytes = bytes.subarray(end + 1);
      }
      cut = Buffer.from(bytes);
    });
    stream.response.on("error", () => {});
    return stream;
  }

  take(line) {
    if (line.length === 0) return;
    this.events++;
    const at = line.indexOf("bench/probe:t");
    if (at !== -1) this.places.set(Number(line.toString("latin1", at + 13, at + 26)), this.events);
  }

  close() {
    this.response.destroy();
  }
}

// Runs the gateway on a sandbox of its own, and speaks to it as a signed-in user does.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { Agent, request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { target } from "./house.mjs";

export const ALICE = "alice@example.com";
const binary = process.env.FLOWDECK_GATEWAY ?? join(target, "release/flowdeck-gateway");

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Starts a gateway that serves `app`; `flags` say which world. Resolves when it prints its sign-in link. */
export async function startGateway({ app, data, flags = [] }) {
  if (!existsSync(binary)) throw new Error(`${binary} is missing: make build`);
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(binary, ["--sandbox", "--data", data, "--app", app, "--listen", url.slice("http://".length), "--sign-in-link", ALICE, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const link = await new Promise((done, fail) => {
    const hear = (piece) => {
      said = (said + piece).slice(-100_000);
      const found = said.match(/Sign in as \S+: (\S+)/)?.[1];
      if (found) done(found);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", (code) => fail(new Error(`the gateway ended with ${code}:\n${said}`)));
  });
  return {
    url,
    link,
    pid: child.pid,
    said: () => said,
    stop: async () => {
      if (child.exitCode !== null) return;
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 5000);
      await once(child, "exit");
      clearTimeout(late);
    },
  };
}

/** The same session as a browser context's, for requests from here. */
export class Client {
  constructor(url, cookies) {
    this.url = url;
    this.agent = new Agent({ keepAlive: true });
    this.cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  }

  /** Sends a request; resolves with its answer's status and text. */
  async send(method, path, body, type = "application/json") {
    const response = await this.open(method, path, body, type);
    let text = "";
    for await (const piece of response.setEncoding("utf8")) text += piece;
    return { status: response.statusCode, text };
  }

  /** Sends a request; resolves with the answer whose body is still to come. */
  async open(method, path, body, type = "application/json") {
    const headers = { Cookie: this.cookie, "X-Flowdeck": "1", "Sec-Fetch-Site": "same-origin", ...(body === undefined ? {} : { "Content-Type": type }) };
    const sent = request(this.url + path, { method, headers, agent: this.agent });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    try {
      const [response] = await once(sent, "response");
      return response;
    } catch (error) {
      // A connection kept open that the gateway closed just now; a fresh one is tried once, and has no such excuse.
      if (!sent.reusedSocket || error.code !== "ECONNRESET") throw error;
      return this.open(method, path, body, type);
    }
  }
}

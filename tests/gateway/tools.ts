// Finds programs and ports, starts programs, and ends them.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer, connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** The program that an environment variable names, or the one in the checkout. */
export function tool(variable: string, built: string): string {
  return process.env[variable] ?? join(root, built);
}

/** A program that `flowdeck-cluster build` has put into the cache folder; it has the name of its tool. */
export function cached(variable: string, name: string): string {
  const given = process.env[variable];
  if (given !== undefined) return given;
  const asked = spawnSync(tool("FLOWDECK_CLUSTER", "target/debug/flowdeck-cluster"), ["where", name, name], { encoding: "utf8" });
  if (asked.status !== 0) throw new Error(`where is ${name}? ${asked.error?.message ?? asked.stderr}`);
  return asked.stdout.trim();
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const heard = await Promise.race([once(socket, "connect").then(() => true, () => false), once(socket, "error").then(() => false)]);
  socket.destroy();
  return heard;
}

/** A program that runs, and what it has said. */
export class Running {
  output = "";

  private constructor(
    private readonly program: string,
    private readonly child: ChildProcess,
  ) {}

  /** Starts it and waits until it listens on a port. */
  static async start(program: string, flags: string[], port: number, environment: NodeJS.ProcessEnv = {}): Promise<Running> {
    // Its stdin is a pipe of ours, for those that end when we do.
    const child = spawn(program, flags, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...environment } });
    const running = new Running(program, child);
    const hear = (chunk: Buffer) => (running.output += chunk.toString());
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    const ended = once(child, "exit").then(([code]) => `it ended with ${code}`, (error: Error) => error.message);
    const until = Date.now() + 110_000;
    while (!(await listens(port))) {
      const why = await Promise.race([ended, new Promise<undefined>((later) => setTimeout(later, 50))]);
      if (why !== undefined || Date.now() > until) throw new Error(`${program}: ${why ?? "does not listen"}\n${running.output}`);
    }
    return running;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, "exit");
    this.child.stdin?.end();
    // flowdeck-fronts ends with its stdin and takes its Envoy with it, which a signal would leave behind.
    if (!this.program.endsWith("flowdeck-fronts")) this.child.kill("SIGTERM");
    const killed = setTimeout(() => this.child.kill("SIGKILL"), 10_000);
    await gone;
    clearTimeout(killed);
  }
}

// Starts a gateway on a sandbox of its own, and kills and restarts it as a test wishes.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Running, freePort, root, tool } from "../gateway/tools.ts";

const binary = tool("FLOWDECK_GATEWAY", "target/release/flowdeck-gateway");
/** Whether the deployed Envoy stands in front: `FLOWDECK_FRONT=envoy`. */
export const behindEnvoy = process.env.FLOWDECK_FRONT === "envoy";

export const users = { admin: "admin@example.com", alice: "alice@example.com", victor: "victor@example.com" } as const;
export type User = keyof typeof users;

export type Fault = { path_contains: string; times: number; answer: "410-event" | "410" | "429" | "500" | "html" | "half-frame" | "close" };

export class Gateway {
  readonly data = mkdtempSync(join(tmpdir(), "flowdeck-"));
  url = "";
  private port = 0;
  private sandboxPort = 0;
  private process: ChildProcess | undefined;
  private front: Running | undefined;
  private output = "";
  private links = new Map<string, string>();

  private constructor(private readonly world: string[]) {}

  /** Starts a gateway; `world` are further flags, such as `--empty`. */
  static async start(world: string[] = []): Promise<Gateway> {
    const gateway = new Gateway(world);
    gateway.port = await freePort();
    gateway.sandboxPort = await freePort();
    gateway.url = `http://127.0.0.1:${gateway.port}`;
    if (behindEnvoy) await gateway.startEnvoy();
    await gateway.run();
    if (!world.includes("--empty")) await gateway.rightsAreThere();
    return gateway;
  }

  /** Waits for the owner's binding, the last that the profile controller makes: before it, a list is rightly answered with 403. */
  private async rightsAreThere(): Promise<void> {
    const bindings = "/apis/rbac.authorization.k8s.io/v1/namespaces/research-vision/rolebindings";
    for (;;) {
      const { status } = await this.admin("GET", `${bindings}/namespaceAdmin`);
      if (status === 200) return;
      await new Promise((later) => setTimeout(later, 100));
    }
  }

  private async startEnvoy(): Promise<void> {
    const port = await freePort();
    const fronts = tool("FLOWDECK_FRONTS", "target/debug/flowdeck-fronts");
    this.front = await Running.start(fronts, ["envoy", `127.0.0.1:${port}`, `127.0.0.1:${this.port}`], port);
    this.url = `https://127.0.0.1:${port}`;
    this.world.push("--public-url", this.url, "--trusted-proxy", "127.0.0.1");
  }

  private async run(): Promise<void> {
    this.output = "";
    const links = Object.values(users).flatMap((user) => ["--sign-in-link", user]);
    const flags = ["--sandbox", "--sandbox-faults", "--sandbox-listen", `127.0.0.1:${this.sandboxPort}`, "--data", this.data, "--app", join(root, "dist")];
    const child = spawn(binary, [...flags, "--listen", `127.0.0.1:${this.port}`, ...links, ...this.world], { stdio: ["ignore", "pipe", "pipe"] });
    this.process = child;
    const hear = (chunk: Buffer) => (this.output += chunk.toString());
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    await new Promise<void>((done, fail) => {
      const look = () => {
        for (const [, user, link] of this.output.matchAll(/Sign in as (\S+): (\S+)/g)) this.links.set(user!, link!);
        if (this.links.size >= Object.keys(users).length) done();
      };
      this.links.clear();
      child.stdout.on("data", look);
      child.once("exit", (code) => fail(new Error(`the gateway ended with ${code}:\n${this.output}`)));
    });
  }

  /** A one-time link; each can be used once. */
  link(user: User): string {
    const link = this.links.get(users[user]);
    if (link === undefined) throw new Error(`no link for ${user}:\n${this.output}`);
    return link;
  }

  /** Ends the process at once, as a crash would. */
  async kill(): Promise<void> {
    const child = this.process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  /** Starts it again on the same ports and data. */
  async restart(): Promise<void> {
    await this.kill();
    await this.run();
  }

  /** Ends it and removes its data. */
  async stop(): Promise<void> {
    await this.kill();
    await this.front?.stop();
    rmSync(this.data, { recursive: true, force: true });
  }

  /** Speaks to the sandbox's own address as its admin, behind the gateway's back. */
  async admin(method: string, path: string, body?: unknown, type = "application/json"): Promise<{ status: number; json: () => unknown }> {
    const kubeconfig = readFileSync(join(this.data, "kubeconfig"), "utf8");
    const token = /token:\s*"?([^\s"]+)/.exec(kubeconfig)?.[1];
    if (token === undefined) throw new Error("no token in the sandbox's kubeconfig");
    const answer = await fetch(`http://127.0.0.1:${this.sandboxPort}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": type }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, json: () => JSON.parse(text) as unknown };
  }

  /** Makes the sandbox answer the next requests wrongly. */
  async fault(fault: Fault): Promise<void> {
    const answer = await this.admin("POST", "/sandbox/faults", fault);
    if (answer.status >= 300) throw new Error(`the sandbox takes no faults: ${answer.status}`);
  }
}

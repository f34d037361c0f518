// Starts a gateway on a cluster of its own, and kills and restarts it as a test wishes.
//
// The cluster is the sandbox in the gateway's process, or, with FLOWDECK_CLUSTER (the flowdeck-cluster binary), real servers.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Running, freePort, root, tool } from "../gateway/tools.ts";

const binary = tool("FLOWDECK_GATEWAY", "target/release/flowdeck-gateway");
/** Whether the deployed Envoy stands in front: `FLOWDECK_FRONT=envoy`. */
export const behindEnvoy = process.env.FLOWDECK_FRONT === "envoy";
/** The flowdeck-cluster binary: real servers instead of the sandbox. */
const real = process.env.FLOWDECK_CLUSTER;

export const users = { admin: "admin@example.com", alice: "alice@example.com", victor: "victor@example.com" } as const;
export type User = keyof typeof users;

export type Fault = { path_contains: string; times: number; answer: "410-event" | "410" | "429" | "500" | "html" | "half-frame" | "close" };

export class Gateway {
  readonly data = mkdtempSync(join(tmpdir(), "flowdeck-"));
  url = "";
  private port = 0;
  private apiPort = 0;
  private process: ChildProcess | undefined;
  private front: Running | undefined;
  private cluster: Running | undefined;
  private output = "";
  private links = new Map<string, string>();

  private constructor(private readonly world: string[]) {}

  /** Starts a gateway; `world` are further flags, such as `--empty`. */
  static async start(world: string[] = []): Promise<Gateway> {
    const gateway = new Gateway(world);
    gateway.port = await freePort();
    gateway.apiPort = await freePort();
    gateway.url = `http://127.0.0.1:${gateway.port}`;
    if (real !== undefined) await gateway.startCluster(real);
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

  /** Starts the real servers with the sandbox's seed, and adds the local users whom the sandbox would bring. */
  private async startCluster(program: string): Promise<void> {
    this.cluster = await Running.start(program, ["world", "--front", `127.0.0.1:${this.apiPort}`, "--folder", this.data], this.apiPort);
    for (const user of Object.values(users)) {
      const added = spawnSync(binary, ["user", "add", user, "--users", join(this.data, "users.toml")], { input: "a long password\n", encoding: "utf8" });
      if (added.status !== 0) throw new Error(`no user ${user}: ${added.error?.message ?? added.stderr}`);
    }
  }

  private async run(): Promise<void> {
    this.output = "";
    const links = Object.values(users).flatMap((user) => ["--sign-in-link", user]);
    const sandbox = ["--sandbox", "--sandbox-faults", "--sandbox-listen", `127.0.0.1:${this.apiPort}`, "--data", this.data];
    const servers = ["--upstream", `http://127.0.0.1:${this.apiPort}`, "--users", join(this.data, "users.toml"), "--state", this.data];
    const flags = [...(real === undefined ? sandbox : servers), "--app", join(root, "dist"), "--listen", `127.0.0.1:${this.port}`];
    const child = spawn(binary, [...flags, ...links, ...this.world], { stdio: ["ignore", "pipe", "pipe"] });
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

  /** Ends it and its cluster, and removes their data. */
  async stop(): Promise<void> {
    await this.kill();
    await this.front?.stop();
    await this.cluster?.stop();
    rmSync(this.data, { recursive: true, force: true });
  }

  /** Speaks to the cluster's own address as its admin, behind the gateway's back. */
  async admin(method: string, path: string, body?: unknown, type = "application/json"): Promise<{ status: number; json: () => unknown }> {
    const kubeconfig = readFileSync(join(this.data, "kubeconfig"), "utf8");
    const token = /token:\s*"?([^\s"]+)/.exec(kubeconfig)?.[1];
    if (token === undefined) throw new Error("no token in the cluster's kubeconfig");
    const answer = await fetch(`http://127.0.0.1:${this.apiPort}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": type }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, json: () => JSON.parse(text) as unknown };
  }

  /** Makes the cluster answer the next requests wrongly. */
  async fault(fault: Fault): Promise<void> {
    const answer = await this.admin("POST", "/sandbox/faults", fault);
    if (answer.status >= 300) throw new Error(`the cluster takes no faults: ${answer.status}`);
  }
}

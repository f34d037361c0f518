// Puts Envoy, dex, the gateway and, where it signs people in, oauth2-proxy in front of the cluster.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { oauth2ProxyInFront } from "./oauth2-proxy.ts";
import { Running, cached, freePort, root, tool } from "./tools.ts";

/** Who signs people in: the gateway itself, or oauth2-proxy before it. */
export type SignIn = "gateway" | "oauth2-proxy";

export const password = "password";
const hash = "$2a$10$2b2cU8CPhOTaGrs1HRQuAueS7JTT5ZHsHSzYiFPm1leZck7Mc8T4W"; // of "password", as in dex's own examples
/** Who is in which groups: deploy/base lets the gateway act in the first one's, and not in the last one's. */
const people: Record<string, string[]> = { "alice@example.com": ["flowdeck-users"], "admin@example.com": [], "gina@example.com": ["unnamed"] };

const scopes = ["openid", "email", "profile", "groups"];

type Ports = { envoy: number; gateway: number; dex: number; proxy: number };

function dexSettings(ports: Ports, secret: string): string {
  const at = `https://127.0.0.1:${ports.envoy}`;
  return JSON.stringify({
    issuer: `http://127.0.0.1:${ports.dex}/dex`,
    storage: { type: "memory" },
    web: { http: `127.0.0.1:${ports.dex}` },
    oauth2: { skipApprovalScreen: true },
    enablePasswordDB: true,
    staticPasswords: Object.entries(people).map(([email, groups]) => ({ email, hash, username: email.split("@")[0], userID: email, groups })),
    staticClients: [{ id: "flowdeck", name: "Flowdeck", secret, redirectURIs: [`${at}/auth/oidc/callback`, `${at}/oauth2/callback`] }],
  });
}

export class Chain {
  private readonly folder = mkdtempSync(join(tmpdir(), "flowdeck-chain-"));
  private readonly parts: { name: string; running: Running }[] = [];
  url = "";

  private constructor(readonly signIn: SignIn) {}

  /** Starts all of it; a session lasts for `life`, such as `20s`. */
  static async start(signIn: SignIn, life: string): Promise<Chain> {
    const chain = new Chain(signIn);
    const ports = { envoy: await freePort(), gateway: await freePort(), dex: await freePort(), proxy: await freePort() };
    chain.url = `https://127.0.0.1:${ports.envoy}`;
    const secret = randomBytes(24).toString("hex");
    const file = (name: string, text: string): string => {
      writeFileSync(join(chain.folder, name), text, { mode: 0o600 });
      return join(chain.folder, name);
    };
    const start = async (name: string, program: string, flags: string[], port: number) => {
      chain.parts.push({ name, running: await Running.start(program, flags, port) });
    };
    await start("dex", cached("FLOWDECK_DEX", "dex"), ["serve", file("dex.yaml", dexSettings(ports, secret))], ports.dex);
    const issuer = `http://127.0.0.1:${ports.dex}/dex`;
    const kubeconfig = process.env.FLOWDECK_TEST_KUBECONFIG;
    if (kubeconfig === undefined) throw new Error("no cluster was started");
    const secretFile = file("secret", secret);
    const own = signIn === "gateway"
      ? ["--oidc-issuer", issuer, "--oidc-client-id", "flowdeck", "--oidc-client-secret-file", secretFile, "--oidc-name", "Dex", ...scopes.map((scope) => `--oidc-scope=${scope}`)]
      : ["--trusted-header-peer", "127.0.0.1", "--trusted-header-user", "x-auth-request-email", "--trusted-header-groups", "x-auth-request-groups", "--trusted-header-secret-file", secretFile];
    const gateway = ["--listen", `127.0.0.1:${ports.gateway}`, "--public-url", chain.url, "--kubeconfig", kubeconfig, "--app", process.env.FLOWDECK_DIST ?? join(root, "dist"), "--trusted-proxy", "127.0.0.1", "--session-idle", life, "--session-max", life];
    await start("gateway", tool("FLOWDECK_GATEWAY", "target/release/flowdeck-gateway"), [...gateway, ...own], ports.gateway);
    if (signIn === "oauth2-proxy") {
      const flags = {
        provider: "oidc", "oidc-issuer-url": issuer, "client-id": "flowdeck", "client-secret-file": secretFile, "redirect-url": `${chain.url}/oauth2/callback`,
        "http-address": `127.0.0.1:${ports.proxy}`, upstream: "static://200", "set-xauthrequest": "true", "email-domain": "*", scope: scopes.join(" "), "cookie-secret": randomBytes(16).toString("hex"),
        "cookie-name": "__Host-oauth2", "cookie-samesite": "lax", "cookie-expire": life, "cookie-refresh": "0", "reverse-proxy": "true", "trusted-proxy-ip": "127.0.0.1",
        "skip-provider-button": "true", "approval-prompt": "auto", "code-challenge-method": "S256",
      };
      const routes = ["--api-route=^/k8s/", "--api-route=^/auth/"];
      await start("oauth2-proxy", cached("FLOWDECK_OAUTH2_PROXY", "oauth2-proxy"), [...Object.entries(flags).map(([name, value]) => `--${name}=${value}`), ...routes], ports.proxy);
    }
    const changes = signIn === "oauth2-proxy" ? oauth2ProxyInFront(ports.proxy, secret) : [];
    await start("envoy", tool("FLOWDECK_FRONTS", "target/debug/flowdeck-fronts"), ["envoy", `127.0.0.1:${ports.envoy}`, `127.0.0.1:${ports.gateway}`, ...changes.flat()], ports.envoy);
    return chain;
  }

  /** What everybody has said, for a test that failed. */
  said(): string {
    return this.parts.map(({ name, running }) => `── ${name}\n${running.output.slice(-4_000)}`).join("\n");
  }

  async stop(): Promise<void> {
    for (const { running } of this.parts.reverse()) await running.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

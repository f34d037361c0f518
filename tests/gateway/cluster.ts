// Starts one real cluster for all tests of the run, and ends it; or takes the one for which FLOWDECK_TEST_KUBECONFIG lets a gateway in.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tool } from "./tools.ts";

export default async function start(): Promise<() => Promise<void>> {
  if (process.env.FLOWDECK_TEST_KUBECONFIG !== undefined) return async () => {};
  const child = spawn(tool("FLOWDECK_CLUSTER", "target/debug/flowdeck-cluster"), ["up"], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  await new Promise<void>((done, fail) => {
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("Ctrl-C ends all of it")) done();
    });
    child.once("error", fail);
    child.once("exit", (code) => fail(new Error(`the cluster ended with ${code}:\n${said}`)));
  });
  // Not the administrator's: the gateways have the rights that deploy/base gives them.
  const kubeconfig = /a gateway's kubeconfig is (\S+)/.exec(said)?.[1];
  if (kubeconfig === undefined) throw new Error(`the cluster does not say where a gateway's kubeconfig is:\n${said}`);
  process.env.FLOWDECK_TEST_KUBECONFIG = kubeconfig;
  return async () => {
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    await gone;
  };
}

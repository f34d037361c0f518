// Knows the house's folders and runs its tools: cargo, npm, wasm-bindgen.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const here = join(root, "bench");
/** Where results go, whatever cargo's target folder is. */
export const results = join(root, "target/bench");
/** cargo's target folder of the house's workspace. */
export const target = resolve(root, process.env.CARGO_TARGET_DIR ?? "target");

/** The CPU time of this thread alone, as Linux counts it: V8's collector works in other ones. */
export const cpuMs = () => Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[0]) / 1e6;

/** Runs a program to its end and shows what it says. */
export function run(program, args, options = {}) {
  execFileSync(program, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"], ...options });
}

/** Runs a program with the toolchain that builds for wasm32 (crates/tidy knows where it comes from on this machine). */
export function runForWasm(program, args, env = {}) {
  run("cargo", ["run", "-q", "--locked", "-p", "flowdeck-tidy", "--", "wasm", program, ...args], { env: { ...process.env, ...env } });
}

/** Makes a Wasm file small, in its place, as the page's is. */
export function shrink(file) {
  run("cargo", ["run", "-q", "--locked", "-p", "flowdeck-tidy", "--", "shrink", file]);
}

/** Installs the peers that package-lock.json names, unless they are there. */
export function installPeers() {
  const stamp = join(here, "node_modules/.flowdeck-lock");
  const lock = join(here, "package-lock.json");
  if (existsSync(stamp) && readFileSync(stamp).equals(readFileSync(lock))) return;
  console.error("installing the peers that are measured against (usually 10 s)");
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: here });
  copyFileSync(lock, stamp);
}

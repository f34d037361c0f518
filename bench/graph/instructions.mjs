// Counts the instructions of a cold and a warm layout with callgrind, which a busy machine does not disturb, and compares
// them with those that are kept: `node bench/graph/instructions.mjs`, with --write to keep the new ones.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { here } from "../lib/house.mjs";
import { GRAPHS } from "./graphs.mjs";
import { buildNative, text } from "./ours.mjs";

/** Graphs, and above how many siblings a fan is folded (0: never). */
const CASES = { p1000: 0, nested1000: 0, fan1000: 40 };
/** More than this times what is kept is a slowdown. */
const MOST = 1.03;
const file = join(here, "graph/instructions.json");

function count(program, name) {
  const args = ["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=flowdeck_graph::layout::layout_into*", program, "once", String(CASES[name])];
  const { stderr, status, error } = spawnSync("valgrind", args, { input: text(GRAPHS[name]()), encoding: "utf8", stdio: ["pipe", "ignore", "pipe"] });
  const counted = Number(stderr?.match(/Collected : (\d+)/)?.[1]);
  if (status !== 0 || !(counted > 0)) throw new Error(`callgrind counted nothing (Debian's package is valgrind): ${error ?? stderr}`);
  return counted;
}

const compiler = execFileSync("rustc", ["--version"], { encoding: "utf8" }).trim();
const kept = JSON.parse(readFileSync(file, "utf8"));
const program = buildNative();
const counts = {};
let slower = false;
for (const name of Object.keys(CASES)) {
  counts[name] = count(program, name);
  const ratio = counts[name] / kept.instructions[name];
  slower ||= ratio > MOST;
  console.log(`${name.padEnd(12)} ${counts[name].toLocaleString("en").padStart(12)}  ${Number.isNaN(ratio) ? "" : `${ratio.toFixed(3)} times what is kept`}`);
}
if (kept.compiler !== compiler) console.log(`kept with ${kept.compiler}, this is ${compiler}`);
if (process.argv.includes("--write")) writeFileSync(file, `${JSON.stringify({ compiler, instructions: counts }, null, 2)}\n`);
else if (slower) process.exitCode = 1;

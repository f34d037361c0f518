// Runs the benches, or the one that is named: prints a table each and writes target/bench/<name>.json.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { here, installPeers, run } from "./lib/house.mjs";
import { print, save } from "./lib/report.mjs";

const NAMES = ["parse", "graph", "scalars", "list", "gateway", "load", "soak", "gateway-soak"];
/** Compare with nobody and take minutes: only by their names. */
const ALONE = ["soak", "gateway-soak"];

async function measure(name) {
  if (name === "gateway" || name === "gateway-soak") {
    // A native load generator: prints and writes its own table.
    const soak = name === "gateway" ? [] : ["--", "soak"];
    run("cargo", ["run", "-q", "--release", "--locked", "--manifest-path", join(here, "gateway/Cargo.toml"), ...soak]);
    return;
  }
  const { bench } = await import(`./${name}/bench.mjs`);
  const { rows, about } = await bench();
  save(name, rows, about);
  print(name, rows);
  if (about.goal) console.log(`goal: ${about.goal}; load average ${about.conditions.load_average.join(" ")}`);
}

const wanted = process.argv.slice(2).filter((word) => word !== "");
const unknown = wanted.filter((name) => !NAMES.includes(name));
if (unknown.length > 0) {
  console.error(`there is no bench ${unknown.join(", ")}; there are ${NAMES.join(", ")}`);
  process.exit(2);
}
installPeers();
for (const name of wanted.length > 0 ? wanted : NAMES.filter((name) => !ALONE.includes(name) && existsSync(join(here, name)))) await measure(name);

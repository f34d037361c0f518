// Turns samples into rows, prints them as one table and writes them to target/bench/<name>.json.
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { results } from "./house.mjs";

export function quantile(samples, q) {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

export const median = (samples) => quantile(samples, 0.5);

/**
 * One row: `samples` of what `engine` needed for `work` at `size`.
 *
 * `better` says which way is better ("less" or "more", or "neither" for a condition); `note` may say what else has to be known.
 */
export function row(work, size, engine, unit, better, samples, note) {
  const [low, high] = [Math.min(...samples), Math.max(...samples)];
  return { work, size, engine, median: round(median(samples)), min: round(low), max: round(high), runs: samples.length, unit, better, ratio: null, ...(note ? { note } : {}) };
}

/** Fills `ratio`: how many times better a row is than the peer's row of the same work, size and unit. */
export function compare(rows, peer) {
  for (const ours of rows.filter((one) => one.better !== "neither")) {
    const theirs = rows.find((other) => other.engine === peer && other.work === ours.work && other.size === ours.size && other.unit === ours.unit);
    if (theirs === undefined) continue;
    const quotient = ours.better === "less" ? theirs.median / ours.median : ours.median / theirs.median;
    ours.ratio = Number.isFinite(quotient) ? round(quotient) : null;
    ours.peer = peer;
  }
  return rows;
}

/** What a reader has to know about the machine to judge the numbers. */
export function conditions(browser) {
  return { at: new Date().toISOString(), cpu: cpus()[0]?.model, cores: cpus().length, memory_gib: Math.round(totalmem() / 2 ** 30), kernel: release(), node: process.version, ...(browser ? { browser } : {}), load_average: loadavg().map(round) };
}

export function save(name, rows, about) {
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, `${name}.json`), `${JSON.stringify({ name, ...about, rows }, null, 2)}\n`);
}

export function print(name, rows) {
  const head = ["work", "size", "engine", "median", "min", "max", "unit", "ratio"];
  const lines = rows.map((one) => [one.work, one.size, one.engine, text(one.median), text(one.min), text(one.max), one.unit, one.ratio === null ? "" : one.engine === one.peer ? "1" : `${text(one.ratio)}x`]);
  const numbers = new Set([3, 4, 5, 7]);
  const widths = head.map((title, column) => Math.max(title.length, ...lines.map((line) => String(line[column]).length)));
  const show = (line) => line.map((cell, column) => (numbers.has(column) ? String(cell).padStart(widths[column]) : String(cell).padEnd(widths[column]))).join("  ").trimEnd();
  console.log(`\n${name}: median of the runs, ratio = times better than the peer (the row with ratio 1)`);
  for (const line of [head, ...lines]) console.log(show(line));
}

const round = (number) => (Math.abs(number) >= 100 ? Math.round(number * 10) / 10 : Number(number.toPrecision(4)));
const text = (number) => (Math.abs(number) >= 1000 ? Math.round(number).toLocaleString("en") : String(Number(number.toPrecision(3))));

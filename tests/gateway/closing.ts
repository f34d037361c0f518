// Repeats at the very end, in a line or two each, why tries failed: CI keeps little more than that.
import type { Reporter, TestCase, TestResult } from "@playwright/test/reporter";
import { stripVTControlCharacters } from "node:util";

/** How much of an error is repeated, in characters. */
const LONG = 600;

export default class Closing implements Reporter {
  private readonly lines: string[] = [];

  onTestEnd(test: TestCase, result: TestResult): void {
    if (result.status === test.expectedStatus || result.status === "skipped") return;
    for (const { message, location } of result.errors) {
      const why = stripVTControlCharacters(message ?? "no message").replace(/\s+/g, " ");
      this.lines.push(`  ${test.title}, try ${result.retry + 1}, line ${location?.line ?? "?"}: ${why.slice(0, LONG)}`);
    }
  }

  onEnd(): void {
    if (this.lines.length > 0) console.log(["Why:", ...this.lines].join("\n"));
  }
}

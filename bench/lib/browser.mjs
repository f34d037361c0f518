// Starts Debian's Chromium without a window and reads what it costs: CPU of the page's main thread, heap, frames.
import { readFileSync } from "node:fs";
import { chromium } from "playwright";

/** Starts a browser; `flags` are added to Chromium's. */
export async function launch(flags = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // No sandbox, because CI runs as root. Exact heap sizes, because the rounded ones hide what is asked for.
    args: ["--no-sandbox", "--enable-precise-memory-info", ...flags],
  });
}

/** Main-thread CPU of a page: the scheduler's own account (nanoseconds on a core), so waiting for a core is not in it. */
export class MainThread {
  constructor(pid) {
    this.file = `/proc/${pid}/task/${pid}/schedstat`;
  }

  /** Finds the process that draws `page`: the one that gets busy when the page does. */
  static async of(browser, page) {
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    const renderers = processInfo.filter((process) => process.type === "renderer").map((process) => new MainThread(process.id));
    const before = renderers.map((thread) => thread.ms());
    await page.evaluate(() => {
      const end = performance.now() + 150;
      while (performance.now() < end);
    });
    const busy = renderers.map((thread, at) => thread.ms() - before[at]);
    return renderers[busy.indexOf(Math.max(...busy))];
  }

  /** CPU so far, in ms. */
  ms() {
    return Number(readFileSync(this.file, "utf8").split(" ")[0]) / 1e6;
  }
}

/** Collects garbage and gives the bytes of JavaScript's heap that are in use. */
export async function heapInUse(cdp) {
  // Twice: finalizers of the first round free more in the second.
  await cdp.send("HeapProfiler.collectGarbage");
  await cdp.send("HeapProfiler.collectGarbage");
  const { usedSize } = await cdp.send("Runtime.getHeapUsage");
  return usedSize;
}

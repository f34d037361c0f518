// Starts Debian's Chromium without a window and reads what it costs: CPU of the page's process and heap.
import { readdirSync, readFileSync } from "node:fs";
import { chromium } from "playwright";

/** Starts a browser; `flags` are added to Chromium's. */
export async function launch(flags = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // No sandbox, because CI runs as root. Exact heap sizes, because the rounded ones hide what is asked for.
    args: ["--no-sandbox", "--enable-precise-memory-info", ...flags],
  });
}

/** CPU of a page's process by the scheduler's own account (time on a core), so waiting for a core is not in it. */
export class Renderer {
  constructor(pid) {
    this.tasks = `/proc/${pid}/task`;
    this.main = String(pid);
  }

  /** Finds the process that draws `page`: the one that gets busy when the page does. */
  static async of(browser, page) {
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    const renderers = processInfo.filter((process) => process.type === "renderer").map((process) => new Renderer(process.id));
    const before = renderers.map((renderer) => renderer.mainMs());
    await page.evaluate(() => {
      const end = performance.now() + 150;
      while (performance.now() < end);
    });
    const busy = renderers.map((renderer, at) => renderer.mainMs() - before[at]);
    return renderers[busy.indexOf(Math.max(...busy))];
  }

  /** CPU of the main thread so far, in ms. */
  mainMs() {
    return cpuMs(`${this.tasks}/${this.main}/schedstat`);
  }

  /** CPU of all threads so far, in ms: garbage collection and compilation have threads of their own. */
  allMs() {
    return readdirSync(this.tasks).reduce((sum, task) => sum + cpuMs(`${this.tasks}/${task}/schedstat`), 0);
  }
}

function cpuMs(file) {
  try {
    return Number(readFileSync(file, "utf8").split(" ")[0]) / 1e6;
  } catch {
    // The thread has ended since the folder was read.
    return 0;
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

// Runs the browser tests on Debian's Chromium, through the real gateway, on a cluster of the worker's own.
import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  outputDir: "../../test-results/browser",
  fullyParallel: false,
  workers: 2,
  forbidOnly: !!process.env.CI,
  // In CI real servers and minutes of faults share two cores with Chromium: it waits longer, and a second try is said to be flaky, not hidden.
  retries: process.env.CI ? 1 : 0,
  timeout: process.env.CI ? 120_000 : 60_000,
  expect: { timeout: process.env.CI ? 30_000 : 10_000 },
  reporter: [["list"], ["../gateway/closing.ts"]],
  use: {
    viewport: { width: 1440, height: 900 },
    launchOptions: {
      executablePath: process.env.FLOWDECK_CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
    },
    screenshot: "only-on-failure",
    // In CI only what it prints is kept, so a trace is not worth what it costs each test.
    trace: process.env.CI ? "off" : "retain-on-failure",
  },
});

// Runs the browser tests on Debian's Chromium, through the real gateway, on a cluster of the worker's own.
import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  outputDir: "../../test-results",
  fullyParallel: false,
  workers: 2,
  forbidOnly: !!process.env.CI,
  // Five real servers share CI's two cores with Chromium: a second try there is said to be flaky, not hidden.
  retries: process.env.CI && process.env.FLOWDECK_CLUSTER ? 1 : 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [["list"]],
  use: {
    viewport: { width: 1440, height: 900 },
    launchOptions: {
      executablePath: process.env.FLOWDECK_CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
    },
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
  },
});

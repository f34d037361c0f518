// Runs Chromium through Envoy, sign-in at dex and the gateway, on a real API server; all at once, for two tests take six minutes.
import { defineConfig } from "@playwright/test";
import type { Settings } from "./fixtures.ts";

export default defineConfig<object, Settings>({
  testDir: ".",
  testMatch: "*.spec.ts",
  outputDir: "../../test-results/gateway",
  globalSetup: "./cluster.ts",
  fullyParallel: true,
  workers: 4,
  forbidOnly: !!process.env.CI,
  // As in tests/browser on a real cluster.
  retries: process.env.CI ? 1 : 0,
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: [["list"], ["./closing.ts"]],
  use: {
    ignoreHTTPSErrors: true,
    viewport: { width: 1440, height: 900 },
    launchOptions: {
      executablePath: process.env.FLOWDECK_CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--ignore-certificate-errors"],
    },
    screenshot: "only-on-failure",
  },
  projects: [
    { name: "gateway", use: { signIn: "gateway" } },
    { name: "oauth2-proxy", testIgnore: "gateway.spec.ts", use: { signIn: "oauth2-proxy" } },
  ],
});

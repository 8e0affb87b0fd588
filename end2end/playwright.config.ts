// Each screen twice: `hydrate` runs the wasm, `ssr` has JavaScript off and sees what the server rendered. The file name
// says which a test needs: *.hydrate.spec.ts, *.ssr.spec.ts; any other *.spec.ts runs in both. The tags of fixtures.ts
// keep a test to one size.
import { defineConfig, type PlaywrightTestConfig } from "@playwright/test";
import { existsSync } from "node:fs";

const screens = {
  desktop: { width: 1440, height: 900 },
  phone: { width: 390, height: 844 },
};

const projects: PlaywrightTestConfig["projects"] = Object.entries(screens).flatMap(([screen, viewport]) => [
  {
    name: `hydrate-${screen}`,
    testIgnore: "**/*.ssr.spec.ts",
    grepInvert: screen === "phone" ? /@desktop/ : /@phone/,
    use: { viewport, hasTouch: screen === "phone", isMobile: screen === "phone" },
  },
  {
    name: `ssr-${screen}`,
    testIgnore: "**/*.hydrate.spec.ts",
    grepInvert: screen === "phone" ? /@desktop/ : /@phone/,
    use: { viewport, hasTouch: screen === "phone", isMobile: screen === "phone", javaScriptEnabled: false },
  },
]);

// `cargo xtask test` finds the browser and names it; by hand, the usual places are tried.
const usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const executablePath = process.env.TICKWIRE_CHROMIUM ?? usual.find((path) => existsSync(path));

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  fullyParallel: true,
  workers: 2,
  forbidOnly: !!process.env.CI,
  // A second try on CI, whose machines stall for seconds at times; what needed one is reported as flaky.
  retries: process.env.CI ? 1 : 0,
  reporter: "list",
  timeout: 30_000,
  use: {
    // What has gone from the page is not waited for as long as the whole test may take.
    actionTimeout: 10_000,
    trace: "retain-on-failure",
    launchOptions: {
      executablePath,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects,
});

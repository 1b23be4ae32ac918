import { defineConfig } from "@playwright/test";
import { findChromium } from "./scripts/chromium.mjs";

const port = Number(process.env.PORT ?? 5199);

/** The pages in the system's Chromium, on the software GPU that it brings along, served as `npm start` serves them. */
export default defineConfig({
  testDir: "e2e",
  workers: 2,
  timeout: 120_000,
  expect: { timeout: 30_000 },
  forbidOnly: Boolean(process.env.CI),
  // One more try on a busy machine, reported as "flaky": software rendering shares its two cores with the browser.
  retries: process.env.CI ? 1 : 0,
  webServer: {
    command: `node scripts/start.mjs --port ${port}`,
    env: { CI: "1" },
    url: `http://localhost:${port}`,
    reuseExistingServer: false,
  },
  use: {
    baseURL: `http://localhost:${port}`,
    launchOptions: {
      executablePath: findChromium(),
      args: [
        "--no-sandbox",
        "--enable-unsafe-webgpu",
        "--use-webgpu-adapter=swiftshader",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
      ],
    },
  },
});

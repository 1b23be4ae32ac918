import { defineConfig } from "@playwright/test";
import pages from "../../playwright.config.ts";

/** The packed package in apps of its users: `npm run check:release`. */
export default defineConfig({
  workers: 1,
  timeout: 240_000,
  expect: { timeout: 120_000 },
  use: { launchOptions: pages.use?.launchOptions },
});

/** Runs the pages in a headless Chromium. */
import { readFileSync } from "node:fs";
import { chromium } from "@playwright/test";
import { createServer } from "vite";
import { findChromium } from "../scripts/chromium.mjs";
import { root } from "../scripts/setup.mjs";

/** @typedef {import("@playwright/test").Page} Page */

/** @param {{ gpu?: boolean }} how without `gpu` on Chromium's software GPU */
export async function openChromium({ gpu = false } = {}) {
  const adapter = gpu
    ? ["--enable-features=Vulkan", "--use-angle=vulkan"]
    : ["--use-webgpu-adapter=swiftshader"];
  const server = await createServer({
    root,
    logLevel: "warn",
    server: { port: 0, hmr: false, watch: null },
  });
  await server.listen();
  const browser = await chromium.launch({
    executablePath: findChromium(),
    args: ["--no-sandbox", "--enable-unsafe-webgpu", ...adapter],
  });
  return {
    /** @param {string} address in the project, such as `demo/bench/` @param {import("@playwright/test").BrowserContextOptions} options */
    async open(address, options = {}) {
      const page = await browser.newPage(options);
      page.setDefaultTimeout(0);
      await page.goto(new URL(address, server.resolvedUrls?.local[0]).href);
      return page;
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

/** Runs what a page of demo/bench measures, to its end. @param {Page} page */
export async function runToItsEnd(page) {
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByText(/^(?:Done|Failed)/).waitFor();
  const error = await page.locator("#error").textContent();
  if (error) throw new Error(error);
}

/** What the page saves as JSON then. @param {Page} page */
export async function savedJson(page) {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "JSON", exact: true }).click(),
  ]);
  return readFileSync(await download.path(), "utf8");
}

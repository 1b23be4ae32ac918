/** A Chromium of its own with the pages of demo/bench, which measure without anybody looking. */
import { readFileSync } from "node:fs";
import { chromium } from "@playwright/test";
import { createServer } from "vite";
import { findChromium } from "../build/chromium.mjs";
import { root } from "../build/setup.mjs";

/** @typedef {import("@playwright/test").Page} Page */

/** @param {{ gpu?: boolean }} how without `gpu` on Chromium's software GPU */
export async function openBenchPages({ gpu = false } = {}) {
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
    /** What the page saves as JSON once it is done. @param {string} query the page's own, such as `page=model&preset=standard` */
    async measured(query) {
      const page = await browser.newPage();
      page.setDefaultTimeout(0);
      await page.goto(new URL(`demo/bench/?${query}`, server.resolvedUrls?.local[0]).href);
      return jsonOf(page).finally(() => page.close());
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

/** @param {Page} page */
async function jsonOf(page) {
  await page.getByRole("button", { name: "Run" }).click();
  await page.getByText(/^(?:Done|Nothing came of it)/).waitFor();
  const error = await page.locator("#error").textContent();
  if (error) throw new Error(error);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "JSON", exact: true }).click(),
  ]);
  return readFileSync(await download.path(), "utf8");
}

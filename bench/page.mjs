/**
 * `npm run bench:page -- [--query QUERY] [--output FILE] [--gpu]`: runs a page of demo/bench in Chromium and writes the JSON
 * that its button saves. QUERY is the page's own, such as `page=model&preset=standard`. Without `--gpu` on Chromium's software GPU.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { chromium } from "@playwright/test";
import { createServer } from "vite";
import { findChromium } from "../build/chromium.mjs";
import { root } from "../build/setup.mjs";

const { values } = parseArgs({
  options: {
    query: { type: "string", default: "page=kernels&preset=quick" },
    output: { type: "string", short: "o" },
    gpu: { type: "boolean" },
  },
});
const adapter = values.gpu
  ? ["--enable-features=Vulkan", "--use-angle=vulkan"]
  : ["--use-webgpu-adapter=swiftshader"];

const server = await createServer({ root, logLevel: "warn", server: { port: 0, hmr: false, watch: null } });
await server.listen();
const browser = await chromium.launch({
  executablePath: findChromium(),
  args: ["--no-sandbox", "--enable-unsafe-webgpu", ...adapter],
});
try {
  const json = await measured(await browser.newPage());
  if (values.output) writeFileSync(values.output, json);
  else process.stdout.write(json);
} finally {
  await browser.close();
  await server.close();
}

/** What the page saves as JSON once it is done. @param {import("@playwright/test").Page} page */
async function measured(page) {
  page.setDefaultTimeout(0);
  await page.goto(new URL(`demo/bench/?${values.query}`, server.resolvedUrls?.local[0]).href);
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

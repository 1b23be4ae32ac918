/** `node bench/alive.mjs`: whether a page stays responsive while a model runs in it back to back. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { chromium } from "@playwright/test";
import { build } from "vite";
import { findChromium } from "../scripts/chromium.mjs";
import { readOptions } from "../scripts/options.mjs";

/** @typedef {import("./alive/page.ts").Liveliness} Liveliness */

const root = path.resolve(import.meta.dirname, "..");
const values = readOptions(
  `node bench/alive.mjs [options]
Runs a model back to back on the main thread of a page in Chromium, beside an animation: how long a submit holds the GPU, and
whether the page stays responsive.

  --model DIR      a model folder; default models/everyday80
  --seconds N      default 10
  --json           print JSON
  -h, --help       show this text`,
  {
    model: { type: "string", default: path.join(root, "models", "everyday80") },
    seconds: { type: "string", default: "10" },
    json: { type: "boolean" },
  },
);
const site = mkdtempSync(path.join(tmpdir(), "vit8-alive-"));
process.on("exit", () => rmSync(site, { recursive: true, force: true }));

await build({
  configFile: path.join(root, "bench", "race", "vite.config.ts"),
  root: path.join(root, "bench", "alive"),
  build: { outDir: site },
});
const browser = await chromium.launch({
  executablePath: findChromium(),
  args: ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
});
try {
  const page = await browser.newPage();
  // Served from the disk: localhost is a secure context, and needs no server here.
  await page.route("http://localhost/**", (route) => {
    const { pathname } = new URL(route.request().url());
    const model = /^\/model\/([\w.-]+)$/.exec(pathname);
    const file = model ? path.join(path.resolve(values.model), model[1]) : path.join(site, pathname);
    return route.fulfill({ path: file }).catch(() => route.fulfill({ status: 404 }));
  });
  await page.goto(`http://localhost/index.html?ms=${Number(values.seconds) * 1000}`);
  /** @type {Liveliness} */
  const seen = await page.evaluate("vit8Alive");
  console.log(values.json ? JSON.stringify(seen, null, 2) : textOf(seen));
} finally {
  await browser.close();
}

/** @param {Liveliness} seen */
function textOf({ adapter, runs, submitsPerRun, submitMs, worstSubmitMs, longTasks, frameMs }) {
  const spread = (/** @type {Liveliness["frameMs"]} */ { median, p10, p90 }) =>
    `${median.toFixed(1)} ms (${p10.toFixed(1)} to ${p90.toFixed(1)})`;
  return [
    `${path.basename(values.model)} on ${adapter}: ${runs} runs of ${submitsPerRun.toFixed(1)} submits`,
    `a submit: ${spread(submitMs)}, at worst ${worstSubmitMs.toFixed(1)} ms`,
    `tasks over 50 ms on the main thread: ${longTasks}`,
    `a frame of the animation: ${spread(frameMs)}`,
  ].join("\n");
}

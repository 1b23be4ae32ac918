/** `node bench/race.mjs`: vit8 and ONNX Runtime Web in one tab of Chromium, in turns, and from navigation to the first label. */
import { spawnSync } from "node:child_process";
import { createReadStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { chromium } from "@playwright/test";
import { build } from "vite";
import { findChromium } from "../scripts/chromium.mjs";
import { readOptions } from "../scripts/options.mjs";

/** @typedef {import("./peers/onnx-web.ts").Configuration} Configuration */
/** @typedef {import("./race/page.ts").Heat} Heat */

const root = path.resolve(import.meta.dirname, "..");
const values = readOptions(
  `node bench/race.mjs [options]
vit8 and ONNX Runtime Web in one tab of Chromium, on its software GPU and on the CPU, in turns (A B A C); then from navigation to the
first label, each time in a new browser. Needs npm i --no-save --ignore-scripts onnxruntime-web@1.30.0

  --model DIR      a model folder; default models/everyday80
  --quick          fewer rounds
  --cpu            without the software GPU
  --json           print JSON
  -h, --help       show this text`,
  {
    model: { type: "string", default: path.join(root, "models", "everyday80") },
    quick: { type: "boolean" },
    cpu: { type: "boolean" },
    json: { type: "boolean" },
  },
);
const work = mkdtempSync(path.join(tmpdir(), "vit8-race-"));
process.on("exit", () => rmSync(work, { recursive: true, force: true }));

const GPU_DTYPES = ["fp32", "q8", "q4"];
const WASM_DTYPES = ["fp32", "q8"];
/** @type {Configuration[]} */
const onGpu = GPU_DTYPES.map((dtype) => ({ provider: "webgpu", dtype }));
/** @type {Configuration[]} */
const onCpu = WASM_DTYPES.map((dtype) => ({ provider: "wasm", dtype }));
const rounds = values.quick ? 2 : 5;
/** An image takes the CPU so much less time. */
const cpuRounds = values.quick ? 10 : 40;
const coldRounds = values.quick ? 1 : 3;

const runtime = runtimeFolder();
const modelFolder = path.resolve(values.model);
await makePage();
for (const dtype of GPU_DTYPES) exportOnnx(dtype);
const server = serve({
  "/model/": modelFolder,
  "/onnx/": work,
  "/ort/": runtime,
  "/": path.join(work, "page"),
});
const address = await listening(server);
try {
  const report = {
    date: new Date().toISOString(),
    cpu: cpus()[0].model.trim(),
    cores: cpus().length,
    model: path.basename(modelFolder),
    heats: [
      ...(values.cpu ? [] : [await steady(onGpu, { rounds })]),
      await steady(onCpu, { rounds: cpuRounds, device: "cpu", isolation: "none" }),
      await steady(onCpu, { rounds: cpuRounds, device: "cpu" }),
    ],
    firstLabelMs: await firstLabels(),
  };
  console.log(values.json ? JSON.stringify(report, null, 2) : tableOf(report));
} finally {
  server.close();
}
process.exit(0);

function runtimeFolder() {
  try {
    return path.dirname(createRequire(import.meta.url).resolve("onnxruntime-web/webgpu"));
  } catch {
    const remedy = "npm i --no-save --ignore-scripts onnxruntime-web@1.30.0";
    console.error(`onnxruntime-web: not installed; run \`${remedy}\``);
    process.exit(1);
  }
}

function makePage() {
  const configFile = path.join(root, "bench", "race", "vite.config.ts");
  return build({ configFile, build: { outDir: path.join(work, "page") } });
}

/** @param {string} dtype */
function exportOnnx(dtype) {
  const program = path.join(root, "scripts", "vit8.mjs");
  const args = [
    program,
    "export-onnx",
    modelFolder,
    "-o",
    path.join(work, `${dtype}.onnx`),
    "--dtype",
    dtype,
  ];
  const { status } = spawnSync(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) process.exit(status ?? 1);
}

/** The result of the page's `vit8Race`, in a new browser with empty caches. @param {string} query */
async function inBrowser(query) {
  const browser = await chromium.launch({
    executablePath: findChromium(),
    args: ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`${address}?${query}`);
    return await page.evaluate("vit8Race");
  } finally {
    await browser.close();
  }
}

/** @param {Configuration[]} peers @param {Record<string, string | number>} options @returns {Promise<Heat>} */
function steady(peers, options) {
  const query = Object.entries(options).map(([name, value]) => [name, String(value)]);
  return inBrowser(new URLSearchParams([...query, ["peers", JSON.stringify(peers)]]).toString());
}

/** Milliseconds by runner, in turns: ours, theirs, ours, the next of theirs. @returns {Promise<Record<string, number[]>>} */
async function firstLabels() {
  /** @type {Record<string, number[]>} */
  const times = {};
  /** @type {Record<string, string>} */
  const onePage = { "vit8 cpu int8": "first&device=cpu" };
  for (const peer of onCpu) onePage[`ort wasm ${peer.dtype}`] = `first=${JSON.stringify(peer)}`;
  if (!values.cpu) {
    onePage["vit8 int8"] = "first";
    for (const peer of onGpu) onePage[`ort webgpu ${peer.dtype}`] = `first=${JSON.stringify(peer)}`;
  }
  for (let round = 0; round < coldRounds; round++)
    for (const [name, query] of Object.entries(onePage)) {
      const { ms } = await inBrowser(query);
      times[name] = [...(times[name] ?? []), ms];
    }
  return times;
}

/** Static files by the beginning of their path. @param {Record<string, string>} folders */
function serve(folders) {
  return createServer((request, response) => {
    const url = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    const [prefix, folder] = Object.entries(folders).find(([start]) => url.startsWith(start)) ?? ["/", ""];
    const name = path.normalize(url.slice(prefix.length) || "index.html");
    const file = path.join(folder, name);
    // WebAssembly threads require cross-origin isolation.
    if (!request.url?.includes("isolation=none")) {
      response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
      response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    }
    if (name.startsWith("..") || !statSync(file, { throwIfNoEntry: false })?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader("Content-Type", typeOf(file));
    response.setHeader("Content-Length", statSync(file).size);
    createReadStream(file).pipe(response);
  });
}

/** @param {string} file */
function typeOf(file) {
  if (file.endsWith(".html")) return "text/html";
  if (/\.m?js$/.test(file)) return "text/javascript";
  return file.endsWith(".wasm") ? "application/wasm" : "application/octet-stream";
}

/** @param {import("node:http").Server} server @returns {Promise<string>} */
function listening(server) {
  return new Promise((resolve) => {
    server.listen(0, "localhost", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      resolve(`http://localhost:${port}/`);
    });
  });
}

/** @param {{ date: string, model: string, heats: Heat[], firstLabelMs: Record<string, number[]> }} report */
function tableOf({ date, model, heats, firstLabelMs }) {
  const first = Object.fromEntries(Object.entries(firstLabelMs).map(([name, ms]) => [name, medianOf(ms)]));
  return [`${model}, ${date.slice(0, 10)}`, ...heats.map((heat) => tableOfHeat(heat, first))].join("\n\n");
}

/** @param {Heat} heat @param {Record<string, number>} first */
function tableOfHeat({ name: own, adapter, threads, agreements, ours, others }, first) {
  const threadsOf = (/** @type {string} */ name) =>
    name.includes("wasm") ? threads.ort : name.includes("cpu") ? threads.vit8 : "";
  const cold = (/** @type {string} */ name) =>
    first[name] ? `${(first[name] / 1000).toFixed(2)} | ${(first[name] / first[own]).toFixed(2)}` : "- | -";
  const line = (/** @type {string} */ name, /** @type {number} */ ms, /** @type {number} */ ratio) =>
    `| ${name} | ${threadsOf(name)} | ${ms.toFixed(1)} | ${ratio.toFixed(2)} | ${agreements[name].cosine.toFixed(4)} | ${cold(name)} |`;
  return [
    `vit8 on ${adapter}`,
    "",
    "| | threads | ms | time / vit8's | cosine with float32 | first label s | / vit8's |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    line(own, ours.median, 1),
    ...others.map(({ name, ms, ratio }) => line(name, ms.median, ratio.median)),
  ].join("\n");
}

/** @param {number[]} numbers */
function medianOf(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

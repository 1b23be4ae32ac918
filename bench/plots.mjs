/** `node bench/plots.mjs FOLDER`: draws what bench/gpu.sh measured, as SVG, and sums it up in tables.md. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { runnerImport } from "vite";
import { root } from "../scripts/setup.mjs";

/** @typedef {import("../src/cli/bench-tables.ts").BenchReport} BenchReport */
/** @typedef {import("../src/cli/bench-tables.ts").CpuReport} CpuReport */
/** @typedef {import("../src/cli/bench-peer.ts").PeerReport} PeerReport */
/** @typedef {import("../src/bench/models.ts").ModelRow} ModelRow */

/** @typedef {[name: string, points: number[][], line?: boolean]} Drawn */

/** @type {{ module: typeof import("../src/cli/svg-plot.ts") }} */
const { module: plotting } = await runnerImport(path.join(root, "src/cli/svg-plot.ts"));

const NAMES = { ti: "DeiT-Ti", s: "DeiT-S", b: "DeiT-B", l: "ViT-L" };
/** Kernels that do the same thing. */
const FAMILY = /^(?:block_rows|gemm_int8|gemm_float|attention_float|attention|layernorm|head|resize)/;
const WIDTHS = { ti: 192, s: 384, b: 768, l: 1024 };

const folder = process.argv[2] ?? "bench-results";
const at = (/** @type {string} */ name) => path.join(folder, name);
/** @param {string} name */
const read = (name) => JSON.parse(readFileSync(at(name), "utf8"));
/** @param {Pick<ModelRow, "model">} row */
const nameOf = ({ model }) => NAMES[/** @type {keyof typeof NAMES} */ (model)];
/** @param {ModelRow} row */
const timed = ({ ms }) => ms !== undefined;

if (existsSync(at("size.json"))) drawSizes(read("size.json"));
if (existsSync(at("width.json"))) drawWidths(read("width.json"));
if (existsSync(at("batch.json"))) drawBatches(read("batch.json"));
if (existsSync(at("cpu.json"))) drawThreads(read("cpu.json"));
for (const file of readdirSync(folder)) if (/^kernels-\w+\.json$/.test(file)) drawRoofline(file, read(file));
writeFileSync(at("tables.md"), tables());

/** On logarithmic axes. @param {string} file @param {string} x @param {string} y @param {Drawn[]} series */
function draw(file, x, y, series) {
  const svg = plotting.svgPlot({
    title: `${y} over ${x}`,
    x,
    y,
    scale: "logarithmic",
    series: series.map(([name, points, line = true]) => ({
      name,
      points: points.map(([x, y]) => ({ x, y })),
      line,
    })),
  });
  if (svg) writeFileSync(at(file), svg);
}

/** @param {BenchReport} report */
function drawSizes({ models }) {
  const tokens = ({ imageSize = 0 }) => (imageSize / 16) ** 2;
  const rows = models.filter(timed);
  const gpuMs = (/** @type {ModelRow} */ { kernels = [] }, /** @type {string} */ family) =>
    kernels.filter(({ kernel }) => kernel.startsWith(family)).reduce((sum, { ms }) => sum + ms, 0);
  draw("size.svg", "tokens of patches", "ms for one picture", [
    [nameOf(models[0]), rows.map((row) => [tokens(row), row.ms?.median ?? 0])],
    ["GEMMs", rows.map((row) => [tokens(row), gpuMs(row, "gemm") + gpuMs(row, "block_rows")])],
    ["attention", rows.map((row) => [tokens(row), gpuMs(row, "attention")])],
  ]);
}

/** @param {BenchReport} report */
function drawBatches({ models }) {
  const names = [...new Set(models.map(({ model }) => model))];
  const rowsOf = (/** @type {string} */ name) => models.filter((row) => row.model === name && timed(row));
  draw(
    "batch.svg",
    "pictures in a batch",
    "pictures a second",
    names.map((name) => [
      nameOf(rowsOf(name)[0] ?? models[0]),
      rowsOf(name).map(({ batch, imagesPerSecond = 0 }) => [batch, imagesPerSecond]),
    ]),
  );
}

/** One image at a time. @param {CpuReport} report */
function drawThreads({ models }) {
  const rows = models.filter(({ batch }) => batch === 1);
  const names = [...new Set(rows.map(({ model }) => model))];
  draw(
    "threads.svg",
    "threads of the CPU",
    "pictures a second",
    names.map((name) => {
      const ours = rows.filter(({ model }) => model === name);
      return [nameOf(ours[0]), ours.map(({ threads, imagesPerSecond }) => [threads, imagesPerSecond])];
    }),
  );
}

/** @param {BenchReport} report */
function drawWidths({ models }) {
  const points = models
    .filter(timed)
    .map(({ model, ms }) => [WIDTHS[/** @type {keyof typeof WIDTHS} */ (model)], ms?.median ?? 0]);
  const names = models.map(nameOf).join(", ");
  draw("width.svg", `width of a token (${names})`, "ms for one picture", [["batch 1", points]]);
}

/** The fastest of a family of kernels at each step, under the ceilings. @param {string} file @param {BenchReport} report */
function drawRoofline(file, { kernels, peaks }) {
  const best = new Map();
  for (const row of kernels) {
    const family = FAMILY.exec(row.kernel)?.[0];
    if (!row.gops || !row.gbs || !family) continue;
    const key = `${family} ${row.step}`;
    if (row.gops > (best.get(key)?.gops ?? 0)) best.set(key, { ...row, family });
  }
  const families = new Map();
  for (const { family, gops, gbs } of best.values()) {
    const points = families.get(family) ?? [];
    families.set(family, [...points, [gops / gbs, gops]]);
  }
  const intensities = [...best.values()].map(({ gops, gbs }) => gops / gbs);
  const [low, high] = [Math.min(...intensities), Math.max(...intensities)];
  const roof = (/** @type {number} */ peak) =>
    [low, peak / peaks.copyGBs, high]
      .sort((a, b) => a - b)
      .map((x) => [x, Math.min(peak, x * peaks.copyGBs)]);
  /** @type {Drawn[]} */
  const series = [["f32 ceiling", roof(peaks.floatGops)]];
  if (peaks.dotGops) series.unshift(["int8-dot ceiling", roof(peaks.dotGops)]);
  for (const [name, points] of families) series.push([name, points, false]);
  const to = file.replace(/^kernels-(\w+)\.json$/, "roofline-$1.svg");
  draw(to, "operations a byte", "10^9 operations a second", series);
}

function tables() {
  const peers = readdirSync(folder)
    .filter((file) => /^peer-.*\.json$/.test(file))
    .map((file) => /** @type {PeerReport} */ (read(file)));
  const lines = [];
  if (existsSync(at("batch.json"))) {
    const { adapter, date, cpu, peaks, models } = /** @type {BenchReport} */ (read("batch.json"));
    lines.push(
      `${adapter.description || adapter.architecture}; ${cpu}; ${date.slice(0, 10)}`,
      "",
      `Ceilings: int8 dot ${round(peaks.dotGops)} GOP/s, f32 ${round(peaks.floatGops)} GOP/s, copy ${round(peaks.copyGBs)} GB/s.`,
      "",
      "| model | batch | ms | p10-p90 | n | images/s | % of int8 dot | encode ms | most time in |",
      "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
      ...models.map(modelLine),
      "",
    );
  }
  if (peers.length > 0) lines.push(...peerLines(peers));
  return `${lines.join("\n")}\n`;
}

/** @param {ModelRow} row */
function modelLine(row) {
  const { batch, ms, imagesPerSecond, ofPeak = 0, encodeMs, kernels = [], error } = row;
  if (!ms) return `| ${nameOf(row)} | ${batch} | ${error} | | | | | | |`;
  const sum = kernels.reduce((all, kernel) => all + kernel.ms, 0);
  const most = kernels
    .slice(0, 3)
    .map((kernel) => `${kernel.kernel} ${Math.round((kernel.ms / sum) * 100)}%`)
    .join(", ");
  return `| ${nameOf(row)} | ${batch} | ${round(ms.median)} | ${round(ms.p10)}-${round(ms.p90)} | ${ms.n} | ${round(imagesPerSecond)} | ${Math.round(ofPeak * 100)}% | ${round(encodeMs?.median)} | ${most} |`;
}

/** @param {PeerReport[]} peers */
function peerLines(peers) {
  const columns = peers[0].rows.map(({ name }) => name);
  const lines = [...peers]
    .sort((a, b) => WIDTHS[keyOf(a)] - WIDTHS[keyOf(b)] || a.batch - b.batch)
    .map((peer) => {
      const cells = columns.map((name) => {
        const row = peer.rows.find((each) => each.name === name);
        return row ? `${round(row.ms.median)} (${row.ratio.median.toFixed(2)}x)` : "refused";
      });
      return `| ${NAMES[keyOf(peer)]} | ${peer.batch} | ${round(peer.vit8.webgpu?.ms.median)} | ${round(peer.vit8.cpu?.ms.median)} | ${cells.join(" | ")} |`;
    });
  return [
    `Against ${peers[0].runtime}, ms and its time over vit8's on the same device:`,
    "",
    `| model | batch | vit8 on WebGPU | vit8 on the CPU | ${columns.join(" | ")} |`,
    `| --- | ---: | ---: | ---: | ${columns.map(() => "---:").join(" | ")} |`,
    ...lines,
  ];
}

/** @param {PeerReport} report */
function keyOf({ model }) {
  return /** @type {keyof typeof NAMES} */ (model in NAMES ? model : "ti");
}

/** Three digits that count. */
function round(value = 0) {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toPrecision(3);
}

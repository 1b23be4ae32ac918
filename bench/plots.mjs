/** `node bench/plots.mjs FOLDER`: draws what bench/gpu.sh measured, as SVG, and sums it up in tables.md. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { plot } from "./plot.mjs";

/** @typedef {import("../src/cli/bench.ts").BenchReport} BenchReport */
/** @typedef {import("../src/cli/bench-peer.ts").PeerReport} PeerReport */
/** @typedef {import("../src/bench/models.ts").ModelRow} ModelRow */

const NAMES = { ti: "DeiT-Ti", s: "DeiT-S", b: "DeiT-B", l: "ViT-L" };
/** Kernels that do the same thing. */
const FAMILY = /^(?:gemm_int8|gemm_float|attention_float|attention|layernorm|head|resize)/;
const WIDTHS = { ti: 192, s: 384, b: 768, l: 1024 };

const folder = process.argv[2] ?? "bench-results";
const at = (/** @type {string} */ name) => path.join(folder, name);
/** @param {string} name */
const read = (name) => JSON.parse(readFileSync(at(name), "utf8"));
/** @param {ModelRow} row */
const nameOf = ({ model }) => NAMES[/** @type {keyof typeof NAMES} */ (model)];
/** @param {ModelRow} row */
const timed = ({ ms }) => ms !== undefined;

if (existsSync(at("size.json"))) drawSizes(read("size.json"));
if (existsSync(at("width.json"))) drawWidths(read("width.json"));
if (existsSync(at("batch.json"))) drawBatches(read("batch.json"));
for (const file of readdirSync(folder)) if (/^kernels-\w+\.json$/.test(file)) drawRoofline(file, read(file));
writeFileSync(at("tables.md"), tables());

/** @param {BenchReport} report */
function drawSizes({ models }) {
  const tokens = ({ imageSize = 0 }) => (imageSize / 16) ** 2;
  const rows = models.filter(timed);
  const gpuMs = (/** @type {ModelRow} */ { kernels = [] }, /** @type {string} */ family) =>
    kernels.filter(({ kernel }) => kernel.startsWith(family)).reduce((sum, { ms }) => sum + ms, 0);
  const svg = plot({
    x: "tokens of patches",
    y: "ms for one picture",
    series: [
      { name: nameOf(models[0]), points: rows.map((row) => [tokens(row), row.ms?.median ?? 0]), line: true },
      { name: "GEMMs", points: rows.map((row) => [tokens(row), gpuMs(row, "gemm")]), line: true },
      { name: "attention", points: rows.map((row) => [tokens(row), gpuMs(row, "attention")]), line: true },
    ],
  });
  writeFileSync(at("size.svg"), svg);
}

/** @param {BenchReport} report */
function drawBatches({ models }) {
  const names = [...new Set(models.map(({ model }) => model))];
  const rowsOf = (/** @type {string} */ name) => models.filter((row) => row.model === name && timed(row));
  const byBatch = names.map((name) => ({
    name: nameOf(rowsOf(name)[0] ?? models[0]),
    points: rowsOf(name).map(({ batch, imagesPerSecond = 0 }) => [batch, imagesPerSecond]),
    line: true,
  }));
  writeFileSync(at("batch.svg"), plot({ x: "pictures in a batch", y: "pictures a second", series: byBatch }));
}

/** @param {BenchReport} report */
function drawWidths({ models }) {
  const points = models
    .filter(timed)
    .map(({ model, ms }) => [WIDTHS[/** @type {keyof typeof WIDTHS} */ (model)], ms?.median ?? 0]);
  const names = models.map(nameOf).join(", ");
  writeFileSync(
    at("width.svg"),
    plot({
      x: `width of a token (${names})`,
      y: "ms for one picture",
      series: [{ name: "batch 1", points, line: true }],
    }),
  );
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
  const series = [
    ...(peaks.dotGops ? [{ name: "int8-dot ceiling", points: roof(peaks.dotGops), line: true }] : []),
    { name: "f32 ceiling", points: roof(peaks.floatGops), line: true },
    ...[...families].map(([name, points]) => ({ name, points, line: false })),
  ];
  const svg = plot({ x: "operations a byte", y: "10^9 operations a second", series });
  writeFileSync(at(file.replace(/^kernels-(\w+)\.json$/, "roofline-$1.svg")), svg);
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
    .map((kernel) => `${kernel.kernel} ${Math.round((kernel.ms / sum) * 100)} %`)
    .join(", ");
  return `| ${nameOf(row)} | ${batch} | ${round(ms.median)} | ${round(ms.p10)}-${round(ms.p90)} | ${ms.n} | ${round(imagesPerSecond)} | ${Math.round(ofPeak * 100)} % | ${round(encodeMs?.median)} | ${most} |`;
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
      return `| ${NAMES[keyOf(peer)]} | ${peer.batch} | ${round(peer.vit8.ms.webgpu.median)} | ${cells.join(" | ")} | ${peer.fastest}: ${peer.ratio.toFixed(2)}x |`;
    });
  return [
    `Against ${peers[0].runtime}, ms and its time over vit8's:`,
    "",
    `| model | batch | vit8 int8 | ${columns.join(" | ")} | fastest on WebGPU |`,
    `| --- | ---: | ---: | ${columns.map(() => "---:").join(" | ")} | --- |`,
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

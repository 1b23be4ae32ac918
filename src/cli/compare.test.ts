import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CompareReport } from "./compare-report.ts";
import { bundledModel } from "./model.ts";
import { run } from "./run.ts";
import { CLASSES, writeTinyModel } from "./tiny-model.shared.ts";

const folder = mkdtempSync(path.join(tmpdir(), "vit8-compare-"));
const at = (...names: string[]) => path.join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true }));

/** Aborted, as by Ctrl-C, when `until` is printed. */
async function vit8(argv: readonly string[], until?: string) {
  const interruption = new AbortController();
  let [stdout, stderr] = ["", ""];
  const code = await run(argv, {
    print: (text) => {
      stdout += text;
    },
    tell: (text) => {
      stderr += text;
      if (until && text.includes(until)) interruption.abort();
    },
    signal: interruption.signal,
  });
  return { code, stdout, stderr };
}

beforeAll(async () => {
  const rows = Array.from({ length: 6 }, (_, i) => `${i % CLASSES}\tn${i}\tclass\t${i}.png`);
  writeFileSync(at("labels.tsv"), ["index\twnid\tlabel\tfile", ...rows, ""].join("\n"));
  for (let i = 0; i < 6; i++) {
    const noise = Buffer.from(Array.from({ length: 24 * 24 * 3 }, (_, j) => ((j + 7) * (i + 3) * 7919) >> 3));
    await sharp(noise, { raw: { width: 24, height: 24, channels: 3 } }).toFile(at(`${i}.png`));
  }
  writeTinyModel(at("tiny"));
});

const options = ["--methods", "dynamic,minmax+norm-inputs", "--bits", "w8a8", "--nonlinear", "fast"];
const argv = (...more: string[]) => ["compare", at("tiny"), folder, ...options, "--images", "2", ...more];
const reportIn = (name: string): CompareReport => JSON.parse(readFileSync(at(name, "compare.json"), "utf8"));
/** What does not depend on the clock. */
const figuresOf = ({ rows }: CompareReport) =>
  rows.map(({ msPerImage: _, elapsedMs: __, ...figures }) => figures);

test("an interrupted comparison goes on, and ends as if nothing had happened", async () => {
  const whole = await vit8(argv("-o", at("whole"), "--json"));
  expect(whole.code, whole.stderr).toBe(0);
  const report: CompareReport = JSON.parse(whole.stdout);
  expect(report.rows.map(({ method, nonlinear }) => [method, nonlinear])).toEqual([
    ["float32", "exact"],
    ["dynamic", "exact"],
    ["minmax+norm-inputs", "exact"],
    ["dynamic", "fast"],
  ]);
  // two of the six images are calibrated on
  expect(report).toMatchObject({ images: 4, calibrationImages: 2 });
  const [float, int8, minmax, fast] = report.rows;
  expect(minmax.worstLogitError).toBeGreaterThan(int8.worstLogitError!);
  expect(float).toMatchObject({ agreement: 1, worstLogitError: 0 });
  expect(int8.worstLogitError).toBeGreaterThan(0);
  expect(fast.worstLogitError).not.toBe(int8.worstLogitError);
  expect(int8.modelBytes! * 3).toBeLessThan(float.modelBytes!);

  const cut = await vit8(argv("-o", at("cut")), "dynamic w8a8 exact: ");
  expect(cut).toMatchObject({ code: 130, stdout: "" });
  expect(reportIn("cut").rows).toHaveLength(2);
  const written = readFileSync(at("cut", "float32.f32"));
  const rest = await vit8(argv("-o", at("cut"), "--resume", "--json"));
  expect(figuresOf(JSON.parse(rest.stdout))).toEqual(figuresOf(report));
  expect(figuresOf(reportIn("cut"))).toEqual(figuresOf(report));
  // the rows that were there took no time again
  expect(JSON.parse(rest.stdout).rows[1].elapsedMs).toBe(reportIn("cut").rows[1].elapsedMs);
  expect(readFileSync(at("cut", "float32.f32"))).toEqual(written);
  expect(written).toEqual(readFileSync(at("whole", "float32.f32")));
});

test("more variants join those that are there", async () => {
  const more = [
    "--methods",
    "dynamic,dynamic+channel,repq",
    "--bits",
    "w4a8",
    "--nonlinear",
    "exact",
    "--images",
    "2",
  ];
  const call = ["compare", at("tiny"), folder, ...more, "-o", at("cut"), "--resume"];
  const { code, stderr } = await vit8(call);
  expect(code, stderr).toBe(0);
  const { rows } = reportIn("cut");
  expect(rows.map(({ method, bits }) => `${method} ${bits}`)).toEqual([
    ...["float32 w32a32", "dynamic w4a8", "dynamic+channel w4a8", "repq w4a8"],
    ...["dynamic w8a8", "minmax+norm-inputs w8a8", "dynamic w8a8"],
  ]);
  expect(rows[1].modelBytes! * 1.3).toBeLessThan(rows[4].modelBytes!);
});

test("the same in Markdown, CSV and a plot", async () => {
  const { stdout } = await vit8(argv("-o", at("whole"), "--resume"));
  expect(readFileSync(at("whole", "compare.md"), "utf8")).toBe(stdout);
  const lines = readFileSync(at("whole", "compare.csv"), "utf8").trimEnd().split("\r\n");
  expect(lines).toHaveLength(5);
  expect(new Set(lines.map((line) => line.split(",").length)).size).toBe(1);
  expect(lines[2]).toMatch(/^dynamic,w8a8,exact,/);
  const svg = readFileSync(at("whole", "accuracy.svg"), "utf8");
  expect(svg).toContain("<title>dynamic w8a8</title>");
  expect((await sharp(Buffer.from(svg)).metadata()).width).toBe(640);
});

test.each<[string, () => string[], number, RegExp]>([
  ["a folder that has one", () => argv("-o", at("whole")), 1, /--resume/],
  ["another setting", () => argv("-o", at("whole"), "--resume", "--limit", "3"), 1, /images 4, .* got 1/],
  ["an int8 model", () => ["compare", bundledModel(), folder], 1, /expected a float model, got int8/],
  ["an unknown quantiser", () => argv("--methods", "dynamic,magic"), 2, /--methods: [^\n]*got "magic"/],
  [
    "what only calibration adds",
    () => argv("--methods", "dynamic+norm-inputs"),
    2,
    /got "dynamic\+norm-inputs"/,
  ],
  ["an addition that there is not", () => argv("--methods", "repq+magic"), 2, /got "repq\+magic"/],
  ["no picture left", () => argv("--images", "6"), 2, /fewer than the 6 images/],
  ["an unknown width", () => argv("--bits", "w7"), 2, /--bits: [^\n]*got "w7"/],
  ["--resume alone", () => argv("--resume"), 2, /-o DIR/],
])("%s is refused in one line", async (_, call, code, message) => {
  const answer = await vit8(call());
  expect(answer).toMatchObject({ code, stdout: "" });
  expect(answer.stderr).toMatch(/^vit8: [^\n]+\n$/);
  expect(answer.stderr).toMatch(message);
  expect(existsSync(at("null"))).toBe(false);
});

test("one bad picture is told and left out of calibration and evaluation, and the exit code is 1", async () => {
  const images = at("one-bad");
  mkdirSync(images);
  for (const name of ["labels.tsv", ...Array.from({ length: 6 }, (_, i) => `${i}.png`)])
    cpSync(at(name), path.join(images, name));
  writeFileSync(path.join(images, "0.png"), "cut");
  const some = [
    "compare",
    at("tiny"),
    images,
    "--methods",
    "minmax",
    "--bits",
    "w8a8",
    "--images",
    "4",
    "--json",
  ];
  const { code, stdout, stderr } = await vit8(some);
  expect(code, stderr).toBe(1);
  const told = stderr.match(/^vit8: .*$/gm)?.filter((line) => !line.includes("running on the CPU"));
  expect(told).toEqual([expect.stringMatching(/0\.png: expected PNG/)]);
  const report: CompareReport = JSON.parse(stdout);
  expect(report).toMatchObject({ images: 1, calibrationImages: 4 });
  expect(report.rows.every(({ error, top1 }) => error === undefined && top1 !== undefined)).toBe(true);
});

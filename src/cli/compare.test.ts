import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

/** Interrupted, as by Ctrl-C, when `until` is told. */
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

const argv = (...more: string[]) => ["compare", at("tiny"), folder, "--nonlinear", "fast", ...more];
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
    ["dynamic", "fast"],
  ]);
  const [float, int8, fast] = report.rows;
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

test("the same in Markdown, CSV and a plot", async () => {
  const { stdout } = await vit8(argv("-o", at("whole"), "--resume"));
  expect(readFileSync(at("whole", "compare.md"), "utf8")).toBe(stdout);
  const lines = readFileSync(at("whole", "compare.csv"), "utf8").trimEnd().split("\r\n");
  expect(lines).toHaveLength(4);
  expect(new Set(lines.map((line) => line.split(",").length)).size).toBe(1);
  expect(lines[2]).toMatch(/^dynamic,w8a8,exact,/);
  const svg = readFileSync(at("whole", "accuracy.svg"), "utf8");
  expect(svg).toContain("<title>dynamic w8a8</title>");
  expect((await sharp(Buffer.from(svg)).metadata()).width).toBe(640);
});

test.each<[string, () => string[], number, RegExp]>([
  ["a folder that has one", () => argv("-o", at("whole")), 1, /exists; give --resume/],
  ["another setting", () => argv("-o", at("whole"), "--resume", "--limit", "2"), 1, /images 6, now 2 came/],
  ["an int8 model", () => ["compare", bundledModel(), folder], 1, /is int8 already/],
  ["an unknown quantiser", () => argv("--methods", "dynamic,magic"), 2, /--methods: [^\n]*came "magic"/],
  ["an unknown width", () => argv("--bits", "w7"), 2, /--bits: [^\n]*came "w7"/],
  ["--resume alone", () => argv("--resume"), 2, /-o DIR/],
])("%s is refused in one line", async (_, call, code, message) => {
  const answer = await vit8(call());
  expect(answer).toMatchObject({ code, stdout: "" });
  expect(answer.stderr).toMatch(/^vit8: [^\n]+\n$/);
  expect(answer.stderr).toMatch(message);
  expect(existsSync(at("null"))).toBe(false);
});

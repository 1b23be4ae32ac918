import { expect, test } from "vitest";
import type { BenchReport } from "./bench-tables.ts";
import { benchTables } from "./bench-tables.ts";
import { run } from "./run.ts";

async function vit8(...argv: string[]) {
  let output = "";
  const write = (text: string) => {
    output += text;
  };
  const { signal } = new AbortController();
  return { code: await run(argv, { print: write, tell: write, signal }), output };
}

test.each([
  [["--peer", "tf"], '--peer: expected ort, came "tf"'],
  [["--peer", "ort"], "expected --model MODEL"],
  [["--models", "ti,xl"], 'expected some of ti,s,b,l, came "xl"'],
  [["--batch", "0"], "--batch: expected whole numbers"],
  [["picture.png"], "expected nothing"],
])("bench %s is a wrong call", async (argv, words) => {
  expect(await vit8("bench", ...argv)).toEqual({ code: 2, output: expect.stringContaining(words) });
});

const ms = { median: 12.34, p10: 12, p90: 13.5, n: 7, samples: [12.34] };
const report: BenchReport = {
  date: "2026-05-04T03:02:01.000Z",
  node: "v20.0.0",
  cpu: "a CPU",
  cores: 2,
  adapter: { vendor: "mesa", architecture: "software", description: "llvmpipe", isFallback: true },
  peaks: { dotGops: 33.4, floatGops: 44, copyGBs: 6 },
  kernels: [
    {
      kernel: "head",
      variant: "thread",
      step: "head",
      problem: {},
      model: "ti",
      imageSize: 224,
      batch: 1,
      proof: { worstError: 0, exact: true },
      compileMs: 0.5,
      ms,
      gops: 3,
      gbs: 1.5,
      ofPeak: 0.25,
    },
    {
      kernel: "head",
      variant: "broken",
      step: "head",
      problem: {},
      model: "ti",
      imageSize: 224,
      batch: 1,
      error: "wrong on this driver",
    },
  ],
  models: [
    {
      model: "ti",
      imageSize: 224,
      batch: 1,
      ms,
      imagesPerSecond: 81,
      gops: 200,
      ofPeak: 0.5,
      uploadMs: ms,
      encodeMs: ms,
      dispatches: 90,
      gpuBytes: 9e6,
      kernels: [{ kernel: "attention", variant: "dot4", steps: 12, ms: 6 }],
    },
    { model: "b", imageSize: 224, batch: 32, error: "out of memory" },
  ],
};

test("every line of a table has the cells of its head, and what failed says why", () => {
  const text = benchTables(report);
  for (const table of text.split("\n\n").filter((part) => part.startsWith("|"))) {
    const cells = table
      .trim()
      .split("\n")
      .map((line) => line.split("|").length);
    expect(new Set(cells).size).toBe(1);
    expect(cells.length).toBeGreaterThan(2);
  }
  const plain = text.replaceAll(/ +/g, " ");
  expect(plain).toContain(
    "| head | thread | head | exact | 0.500 | 12.3 | 12.0 | 13.5 | 7 | | | 3.00 | 1.50 | 25 % | |",
  );
  expect(plain).toContain("| head | broken | head | wrong on this driver |");
  expect(plain).toContain("| b | 224 | 32 | out of memory |");
  expect(plain).toContain("| attention | dot4 | 12 | 6.00 | 100 % |");
});

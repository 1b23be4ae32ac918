import { availableParallelism } from "node:os";
import { describe, expect, test } from "vitest";
import { peerTable } from "./bench-peer.ts";
import { type BenchReport, benchTables, type CpuReport, cpuTables } from "./bench-tables.ts";
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
  [["--peer", "tf"], '--peer: expected ort, got "tf"'],
  [["--peer", "ort"], "expected --model MODEL"],
  [["--models", "ti,xl"], 'expected some of ti,s,b,l, got "xl"'],
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
      mark: "chosen, fastest",
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
  expect(plain).toContain("| thread | 12.3 | 3.00 | 1.50 | 25.0% | | 12.0 | 13.5 | exact | *! |");
  expect(plain).toContain("| broken | wrong on this driver |");
  expect(plain).toContain("| b | 224 | 32 | out of memory |");
  expect(plain).toContain("| attention | dot4 | 12 | 6.00 | 100.0% |");
});

test("a terminal of 120 columns has room for every table", () => {
  const wide = {
    ms: { ...ms, median: 1234.5 },
    gops: 12345,
    gbs: 1234,
    ofCopy: 1,
    variant: "dot4-128x64-subgroups",
  };
  const matrix = {
    ...wide,
    kernel: "gemm_int8_broadcast_row_quantize",
    step: "blocks.11.fc1",
    problem: { rows: 6304, n: 3072, k: 768 },
    batch: 32,
  };
  const kernels = report.kernels.flatMap((row) => [
    { ...row, ...wide },
    { ...row, ...matrix },
  ]);
  const text = benchTables({ ...report, kernels });
  expect(text).toContain(
    "gemm_int8_broadcast_row_quantize, M x N x K 6304 x 3072 x 768, blocks.11.fc1 of ti, 224 pixels, batch 32\n",
  );
  expect(Math.max(...text.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(120);
});

describe("on the CPU", () => {
  test("a row for each batch and number of threads, and what each kernel takes", async () => {
    const options = ["--device", "cpu", "--models", "ti", "--size", "32", "--batch", "1,2", "--quick"];
    const { code, output } = await vit8("bench", ...options, "--json");
    expect(code).toBe(0);
    const { device, models } = JSON.parse(output) as CpuReport;
    expect(device).toBe("cpu");
    const threads = [1, 2, 4, 8].filter((count) => count <= availableParallelism());
    expect(models.map((row) => [row.threads, row.batch])).toEqual(
      threads.flatMap((count) => [1, 2].map((batch) => [count, batch])),
    );
    for (const { ms, gops, byteLength } of models) {
      expect(ms.n).toBeGreaterThanOrEqual(1);
      expect(gops).toBeGreaterThan(0);
      expect(byteLength).toBeGreaterThan(5e6); // DeiT-Ti's weights
    }
    const kernels = models.flatMap((row) => row.kernels ?? []);
    // Twelve blocks of two norms, QKV and FC1; the patches, two sums a block, and the attention.
    expect(Object.fromEntries(kernels.map(({ kernel, steps }) => [kernel, steps]))).toMatchObject({
      layernorm_quantize: 24,
      gemm_int8_direct_row_quantize: 24,
      gemm_int8_direct_groups_add: 25,
      attention: 12,
    });
    expect(kernels.every(({ variant }) => variant === "simd")).toBe(true);
    expect(cpuTables({ ...JSON.parse(output), cores: 2 })).toContain("one image, one thread: milliseconds");
  });

  test("kernels alone are a wrong call", async () => {
    const { code, output } = await vit8("bench", "--device", "cpu", "--kernels");
    expect([code, output]).toEqual([2, expect.stringContaining("--device cpu: expected --models")]);
  });
});

test("vit8 stands before ONNX Runtime on each device, and threads are told for both", () => {
  const agreement = { agreement: 1, cosine: 0.9998, worstLogitError: 0.1 };
  const adapter = (description: string) => ({ vendor: "", architecture: "", description, isFallback: false });
  const row = (provider: "webgpu" | "cpu", dtype: "fp32" | "q8", threads?: number) => ({
    ...{ name: `${provider} ${dtype}`, provider, dtype, threads, ms },
    ...{ ratio: { ...ms, median: 3 }, ...agreement },
  });
  const text = peerTable({
    ...{ date: "2026-05-04", node: "v20", cpu: "a CPU", cores: 2, model: "ti", runtime: "ort 1", batch: 1 },
    vit8: {
      webgpu: { ...agreement, ms, adapter: adapter("a GPU"), kernels: [] },
      cpu: { ...agreement, ms, threads: 2, adapter: adapter("SIMD"), kernels: [] },
    },
    rows: [row("webgpu", "fp32"), row("cpu", "q8", 2)],
    refused: [{ name: "webgpu q8", why: "no kernel" }],
    fastest: { webgpu: { name: "webgpu fp32", ratio: 3 }, cpu: { name: "cpu q8", ratio: 3 } },
  });
  const names = [...text.matchAll(/^\| ([^|]+) \| ([^|]*) \|/gm)].map(([, name, threads]) => [
    name,
    threads.trim(),
  ]);
  expect(names).toEqual([
    ["---", "---:"],
    ["vit8 int8 on WebGPU", ""],
    ["ort webgpu fp32", ""],
    ["vit8 int8 on the CPU", "2"],
    ["ort cpu q8", "2"],
  ]);
  expect(text).toContain("| ort webgpu q8 | | refused: no kernel |");
  expect(text).toContain(
    "On the CPU (SIMD) the fastest configuration of ONNX Runtime, cpu q8, takes 3.00 x vit8's time.",
  );
});

test("--variant times those variants alone", async () => {
  const options = [
    "--kernel",
    "head",
    "--variant",
    "thread",
    "--size",
    "32",
    "--batch",
    "1",
    "--quick",
    "--json",
  ];
  const { output } = await vit8("bench", ...options);
  const { kernels, models } = JSON.parse(output.slice(output.indexOf("{"))) as BenchReport;
  expect(kernels.length).toBeGreaterThan(0);
  expect(new Set(kernels.map(({ variant }) => variant.includes("thread")))).toEqual(new Set([true]));
  expect(models).toEqual([]);
});

import { expect, test } from "vitest";
import type { KernelRow } from "./kernels.ts";
import { marked } from "./marks.ts";

function row(kernel: string, variant: string, median: number | undefined, k = 64): KernelRow {
  const ms = median === undefined ? undefined : { median, p10: median, p90: median, n: 1, samples: [median] };
  return { kernel, variant, step: "qkv", problem: { k }, model: "ti", imageSize: 224, batch: 1, ms };
}

test("each shape of a kernel has its fastest variant, and the one that an adapter takes unmeasured", () => {
  const rows = [
    row("gemm", "a", 3),
    row("gemm", "b", 2),
    row("gemm", "c", undefined),
    row("gemm", "a", 1, 128),
    row("head", "a", 9),
  ];
  const chosen = [
    { cases: { kernel: { name: "gemm" } }, variant: "a", problem: { k: 64 }, batch: 1 },
    { cases: { kernel: { name: "gemm" } }, variant: "a", problem: { k: 128 }, batch: 1 },
  ];
  expect(marked(rows, chosen).map(({ mark }) => mark)).toEqual([
    "chosen",
    "fastest",
    undefined,
    "chosen, fastest",
    "fastest",
  ]);
});

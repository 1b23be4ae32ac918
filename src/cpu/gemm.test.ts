// Two sums in one f64 stay apart, also the greatest there are.

import { expect, test } from "vitest";
import { ROW_SCALE } from "../quant/outlier.ts";
import { packWeights } from "../quant/pack.ts";
import { gemmRowGroups } from "./gemm.ts";

test("the greatest sums beside the greatest of the other sign are exact", () => {
  const problem = { rows: 5, n: 64, k: 2112 };
  const { rows, n, k } = problem;
  // Neighboring columns share an f64: 127 beside -127, 126 beside -126, ...
  const weightOf = (column: number) => (column % 2 ? -1 : 1) * (127 - (column >> 1));
  const w = Int8Array.from({ length: n * k }, (_, i) => weightOf(Math.floor(i / k)));
  const out = new Int8Array(rows * n);
  const out_scale = new Float32Array(rows);
  gemmRowGroups(problem, {
    a: new Int8Array(rows * k).fill(-128),
    w: packWeights(w, n, k),
    a_scale: Float32Array.from({ length: rows * ROW_SCALE }, (_, i) => Number(i % ROW_SCALE === 0)),
    w_scale: new Float32Array(n).fill(1),
    bias: new Float32Array(n),
    out,
    out_scale,
  });
  // Each sum is -128 k times its weight, and the scale 128 k times 127 / 127.
  expect([...out_scale]).toEqual(Array.from({ length: rows }, () => 128 * k));
  expect([...out]).toEqual(Array.from({ length: rows * n }, (_, i) => -weightOf(i % n)));
});

import { expect, test } from "vitest";
import { defineKernel } from "../../src/gpu/kernel.ts";
import { workOf } from "./work.ts";

const kernelOf = (wgsl: string, variant: object = {}) =>
  defineKernel({
    name: "made up",
    bindings: {},
    variants: { only: { wgsl, constants: () => ({ ROW_THREADS: 8 }), grid: () => [1], ...variant } },
    check: () => {},
    macs: () => 640,
    bytes: () => 1280,
  });

test("a matrix product has its tiles' idle rows, columns and K too, whoever shares them", () => {
  const problem = { rows: 65, n: 64, k: 128 };
  const dispatched = { kernel: kernelOf("", { tile: [64, 64] }), variant: "only", problem, threads: 256 };
  expect(workOf({ ...dispatched, workgroups: 2 }).products).toEqual([(128 * 64 * 128) / (2 * 256)]);
  // the sum over k shared by two workgroups
  expect(workOf({ ...dispatched, workgroups: 4 }).products).toEqual([(128 * 64 * 128) / (4 * 256)]);
  const deep = { ...dispatched, kernel: kernelOf("", { tile: [64, 64, 128] }), workgroups: 2 };
  expect(workOf({ ...deep, problem: { ...problem, k: 192 } }).products).toEqual([
    (128 * 64 * 256) / (2 * 256),
  ]);
});

test("attention has scores of whole tiles of keys, and values twice where weights have two planes", () => {
  const wgsl = "const KEYS: u32 = 64u; struct Planes { high: u32, low: u32 }";
  const problem = { images: 1, tokens: 197, queries: 197, heads: 6, headDim: 64 };
  const dispatched = { variant: "only", problem, threads: 128, workgroups: 42 };
  const rows = 7 * 32 * 6;
  const { products, turns } = workOf({ ...dispatched, kernel: kernelOf(wgsl) });
  expect(products).toEqual([(rows * 256 * 64) / (42 * 128), (2 * rows * 208 * 64) / (42 * 128)]);
  expect(turns).toBe(4);
  expect(workOf({ ...dispatched, kernel: kernelOf("") }).turns).toBeUndefined();
});

test("what has no product has bytes alone", () => {
  const problem = { rows: 10, width: 64 };
  const work = workOf({ kernel: kernelOf(""), variant: "only", problem, threads: 64, workgroups: 2 });
  expect(work).toMatchObject({ products: [], bytes: 10 });
});

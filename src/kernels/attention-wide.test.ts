// Windows of attention against the roll, the cut and the mask as Swin Transformer's authors write them.

import { expect, test } from "vitest";
import { isHidden, rowAt, type WideAttentionProblem } from "./attention-wide.ts";

interface Case {
  readonly grid: readonly [number, number];
  readonly size: readonly [number, number];
  readonly shift: readonly [number, number];
}

const problemOf = ({ grid, size, shift }: Case): WideAttentionProblem => {
  const of = ([width, height]: readonly [number, number]) => ({ width, height });
  const tokens = grid[0] * grid[1];
  const windows = { grid: of(grid), size: of(size), shift: of(shift) };
  return { images: 2, tokens, queries: tokens, heads: 1, headDim: 32, windows };
};

/** The rolled grid's windows: of each position its row and the number of its region. */
function swinWindows({ grid: [width, height], size, shift }: Case) {
  const region = (i: number, length: number, axis: 0 | 1) =>
    i < length - size[axis] ? 0 : i < length - shift[axis] ? 1 : 2;
  const windows: { row: number; region: number }[][] = [];
  for (let top = 0; top < height; top += size[1])
    for (let left = 0; left < width; left += size[0]) {
      const window = [];
      for (let y = top; y < top + size[1]; y++)
        for (let x = left; x < left + size[0]; x++)
          window.push({
            row: ((y + shift[1]) % height) * width + ((x + shift[0]) % width),
            region: 3 * region(y, height, 1) + region(x, width, 0),
          });
      windows.push(window);
    }
  return windows;
}

test.each<Case>([
  { grid: [4, 6], size: [2, 3], shift: [0, 0] },
  { grid: [4, 6], size: [2, 3], shift: [1, 2] },
  { grid: [4, 6], size: [4, 3], shift: [0, 1] },
  { grid: [14, 14], size: [7, 7], shift: [3, 3] },
])("$grid tokens, windows of $size, shift $shift", (of) => {
  const problem = problemOf(of);
  const windows = swinWindows(of);
  for (const image of [0, 1])
    for (const [w, window] of windows.entries()) {
      const sequence = image * windows.length + w;
      const rows = window.map((_, i) => rowAt(problem, problem.tokens, sequence, i) - image * problem.tokens);
      expect(rows).toEqual(window.map(({ row }) => row));
      for (const [query, a] of window.entries())
        for (const [key, b] of window.entries())
          if (of.shift[0] + of.shift[1] > 0)
            expect(isHidden(problem, sequence, query, key)).toBe(a.region !== b.region);
          else expect(isHidden(problem, sequence, query, key)).toBe(false);
    }
});

test("a query of causal attention sees no key behind it", () => {
  const problem = { images: 1, tokens: 3, queries: 3, heads: 1, headDim: 8, causal: true };
  const hidden = [0, 1, 2].map((query) => [0, 1, 2].map((key) => isHidden(problem, 0, query, key)));
  expect(hidden).toEqual([
    [false, true, true],
    [false, false, true],
    [false, false, false],
  ]);
});

import { expect, test } from "vitest";
import peers from "../../test/peers/positions.json" with { type: "json" };
import { accepted } from "../testing/accepted.ts";
import { interpolatePositions } from "./positions.ts";

const plain = { prefixTokens: 0, width: 1 };

test("a step between two positions becomes torch's bicubic curve, overshoot included", () => {
  const positions = Float32Array.of(0, 1);
  const wide = interpolatePositions(positions, { width: 2, height: 1 }, { width: 4, height: 1 }, plain);
  // 1.25 d^3 - 2.25 d^2 + 1 and -0.75 d^3 + 3.75 d^2 - 6 d + 3 at d = 0.25, 0.75, 1.25, 1.75: exact in binary
  expect([...wide]).toEqual([-0.10546875, 0.2265625, 0.7734375, 1.10546875]);
  const tall = interpolatePositions(positions, { width: 1, height: 2 }, { width: 1, height: 4 }, plain);
  expect(tall).toEqual(wide);
});

test("shrinking samples without antialiasing", () => {
  const positions = Float32Array.of(0, 0, 0, 1, 0, 0, 0, 0, 0);
  const shrunk = interpolatePositions(positions, { width: 9, height: 1 }, { width: 3, height: 1 }, plain);
  expect([...shrunk]).toEqual([0, 0, 0]); // places 1, 4 and 7 are hit exactly
});

test(
  accepted(
    "Tensors",
    "position embeddings for another grid: interpolated bicubic as in transformers' DINOv2, and antialiased as in timm",
    "transformers 5.18.0, timm 1.0.29",
  ),
  () => {
    for (const { from, to, positions, transformers, timm } of peers.grids) {
      const [before, after] = [from, to].map(([height, width]) => ({ height, width }));
      for (const [right, antialiasPositions] of [
        [transformers, false],
        [timm, true],
      ] as const) {
        const of = { prefixTokens: 1, width: 2, antialiasPositions };
        const fitted = interpolatePositions(Float32Array.from(positions), before, after, of);
        expect(fitted).toHaveLength(right.length);
        // torch computes in f32: some ten roundings of 2^-24 of values up to 2
        for (const [n, value] of fitted.entries()) expect(Math.abs(value - right[n])).toBeLessThan(2e-6);
      }
    }
  },
);

test("rows, columns, channels and prefix tokens keep their places", () => {
  const [width, prefix] = [2, 2];
  const of = { prefixTokens: prefix, width };
  const at = (u: number, v: number, c: number) => 100 * c + 10 * v + u;
  const from = { width: 3, height: 2 };
  const tokens = [-1, -2, -3, -4];
  for (let v = 0; v < 2; v++) for (let u = 0; u < 3; u++) tokens.push(at(u, v, 0), at(u, v, 1));
  const same = interpolatePositions(Float32Array.from(tokens), from, from, of);
  expect([...same]).toEqual(tokens);
  // tripling puts every old place in the middle of nine new ones
  const larger = interpolatePositions(Float32Array.from(tokens), from, { width: 9, height: 6 }, of);
  expect(larger.length).toBe((2 + 54) * 2);
  expect([...larger.subarray(0, 4)]).toEqual([-1, -2, -3, -4]);
  expect(larger[(prefix + 4 * 9 + 7) * width + 1]).toBe(at(2, 1, 1));
});

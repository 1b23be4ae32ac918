import { expect, test } from "vitest";
import { seeded } from "../../src/testing/cases.ts";
import { Vectors } from "./nearest.ts";

function filled(count: number, width: number): { vectors: Vectors; all: Float32Array[] } {
  const random = seeded(7);
  const vectors = new Vectors();
  const all = Array.from({ length: count }, () => {
    const values = random.f32(width);
    const length = Math.hypot(...values);
    return values.map((value) => value / length);
  });
  for (const one of all) vectors.add(one);
  return { vectors, all };
}
const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);

test("the nearest come first, as a sort of all has them", () => {
  const { vectors, all } = filled(500, 24);
  const query = all[123];
  const sorted = all.map((one, index) => ({ index, cosine: dot(query, one) }));
  sorted.sort((a, b) => b.cosine - a.cosine);
  const found = vectors.nearest(query, 10);
  expect(found.map(({ index }) => index)).toEqual(sorted.slice(0, 10).map(({ index }) => index));
  expect(found[0].cosine).toBeCloseTo(1, 5);
  expect(vectors.nearest(query, 1000)).toHaveLength(500);
  expect(vectors.at(123)).toEqual(query);
});

test("there is nothing near in an index without images", () => {
  const { vectors, all } = filled(3, 4);
  vectors.clear();
  expect(vectors.nearest(all[0], 5)).toEqual([]);
  vectors.add(all[2]);
  expect(vectors.nearest(all[2], 5)).toHaveLength(1);
});

test("an embedding of another model is refused", () => {
  const { vectors } = filled(2, 8);
  expect(() => vectors.add(new Float32Array(16))).toThrow("expected 8 numbers, got 16");
});

test("10,000 images are searched in less than 50 ms", () => {
  const { vectors, all } = filled(10_000, 512);
  // The fastest of a few: other work on the machine is not measured.
  const times = all.slice(0, 10).map((query) => {
    const start = performance.now();
    vectors.nearest(query, 48);
    return performance.now() - start;
  });
  expect(Math.min(...times)).toBeLessThan(50);
});

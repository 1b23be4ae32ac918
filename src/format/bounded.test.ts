import { expect, test } from "vitest";
import { sizeWithin } from "./bounded.ts";

// The results of get_size_with_aspect_ratio_yolos of transformers 5.18.0.
test.each([
  [640, 480, 800, 1333, 1056, 800],
  [480, 640, 800, 1333, 800, 1056],
  [800, 800, 800, 1333, 800, 800],
  [1333, 800, 800, 1333, 1328, 800],
  [4000, 300, 800, 1333, 1328, 96],
  [300, 4000, 512, 864, 64, 864],
  [75, 53, 512, 864, 720, 512],
  [53, 75, 40, 64, 32, 48],
  [801, 800, 40, 64, 32, 32],
  [1000, 601, 512, 864, 848, 512],
])("%ix%i, edges %i to %i", (width, height, shortest, longest, wide, high) => {
  expect(sizeWithin({ width, height }, { shortest, longest, multiple: 16 })).toEqual({
    width: wide,
    height: high,
  });
});

test("a sliver has one row of patches, where transformers has none", () => {
  const bounds = { shortest: 40, longest: 64, multiple: 16 };
  expect(sizeWithin({ width: 4000, height: 300 }, bounds)).toEqual({ width: 64, height: 16 });
});

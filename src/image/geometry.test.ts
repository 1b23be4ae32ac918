import { expect, test } from "vitest";
import { pictureGeometry } from "./geometry.ts";

const deit = { resize: { mode: "shortest_edge", edge: 256 }, crop: { width: 224, height: 224 } } as const;
const framed = (width: number, height: number, framing: object = {}) =>
  pictureGeometry({ ...deit, resample: "bicubic", ...framing }, width, height);

test.each([
  [106, 150, 256, 362, 16, 69],
  [1200, 1600, 256, 341, 16, 58], // at 58.5
  [500, 334, 383, 256, 79, 16], // at 79.5
  [500, 500, 256, 256, 16, 16],
])("%i x %i -> %i x %i, crop at %i, %i", (width, height, resizedWidth, resizedHeight, cropX, cropY) => {
  expect(framed(width, height)).toEqual({
    resizedWidth,
    resizedHeight,
    cropX,
    cropY,
    cropWidth: 224,
    cropHeight: 224,
    filter: "bicubic",
  });
});

test("half a pixel is rounded to even where the framing says so", () => {
  expect(framed(1200, 1600, { rounding: "half-even" })).toMatchObject({ cropX: 16, cropY: 58 });
  expect(framed(500, 334, { rounding: "half-even" })).toMatchObject({ cropX: 80, cropY: 16 });
});

test("an exact resize leaves the aspect ratio alone, and no crop is the whole picture", () => {
  const resize = { mode: "exact", width: 32, height: 48 };
  expect(framed(640, 480, { resize, crop: undefined })).toMatchObject({
    resizedWidth: 32,
    resizedHeight: 48,
    cropX: 0,
    cropY: 0,
    cropWidth: 32,
    cropHeight: 48,
  });
});

test("a crop wider than the picture begins before it, by the greater half or, in timm, the lesser", () => {
  const padded = { resize: { mode: "exact", width: 9, height: 6 }, crop: { width: 14, height: 4 } };
  expect(framed(9, 6, padded)).toMatchObject({ resizedWidth: 9, resizedHeight: 6, cropX: -3, cropY: 1 });
  expect(framed(9, 6, { ...padded, rounding: "half-even" })).toMatchObject({ cropX: -2, cropY: 1 });
});

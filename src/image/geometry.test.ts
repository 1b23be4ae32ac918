import { expect, test } from "vitest";
import { pictureGeometry } from "./geometry.ts";

const deit = { resize: { mode: "shortest_edge", edge: 256 }, crop: { width: 224, height: 224 } } as const;
const framed = (width: number, height: number, framing: object = {}) =>
  pictureGeometry({ ...deit, resample: "bicubic", ...framing }, width, height);

test.each([
  [106, 150, 256, 362, 16, 69],
  [1200, 1600, 256, 341, 16, 58], // 58.5 rounds to even, down
  [500, 334, 383, 256, 80, 16], // 79.5 rounds to even, up
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

test("a crop wider than the picture begins before it, by the greater half", () => {
  const geometry = framed(9, 6, {
    resize: { mode: "exact", width: 9, height: 6 },
    crop: { width: 14, height: 4 },
  });
  expect(geometry).toMatchObject({ resizedWidth: 9, resizedHeight: 6, cropX: -3, cropY: 1 });
});

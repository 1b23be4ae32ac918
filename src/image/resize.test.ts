import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { pictureGeometry } from "./geometry.ts";
import type { ResampleFilter } from "./resample.ts";
import { resizePlan } from "./resize.ts";
import { preprocessOnCpu } from "./resize-pixels.ts";

/** Pillow 9.4: sha256 (its beginning) of `Image.resize((outWidth, outHeight), filter).tobytes()` of `noise`. */
const PILLOW: [number, number, number, number, ResampleFilter, string][] = [
  [1, 1, 5, 7, "bicubic", "7bb9fd6d5a603985"],
  [1, 1, 5, 7, "bilinear", "7bb9fd6d5a603985"],
  [50, 1, 4, 3, "bicubic", "00ef8656d524efe7"],
  [50, 1, 4, 3, "bilinear", "cb092ea3729c377b"],
  [2, 2, 64, 64, "bicubic", "a4a4f30ae850449c"],
  [2, 2, 64, 64, "bilinear", "9d4dc340728ed8aa"],
  [7, 11, 7, 11, "bicubic", "d88d828072a7381b"],
  [7, 11, 7, 11, "bilinear", "d88d828072a7381b"],
  [13, 17, 5, 3, "bicubic", "61a4156dcc8c66c8"],
  [13, 17, 5, 3, "bilinear", "beb112d3a3b66f1b"],
  [97, 101, 32, 32, "bicubic", "c18b4eb203cf94ae"],
  [97, 101, 32, 32, "bilinear", "6fe3d54498c681e8"],
  [3, 300, 8, 10, "bicubic", "b7a62c6934e2bc5f"],
  [3, 300, 8, 10, "bilinear", "4b7938d1847907d0"],
  [640, 480, 64, 48, "bicubic", "4e6205647777aff9"],
  [640, 480, 64, 48, "bilinear", "f74bc61f35bd8c90"],
  [2000, 30, 61, 13, "bicubic", "11f74e563a3c14f4"],
  [2000, 30, 61, 13, "bilinear", "6b6cf5b980cd9383"],
];

test.each(PILLOW)(
  "%i x %i -> %i x %i, %s: Pillow's bytes",
  (width, height, outWidth, outHeight, resample, hash) => {
    const resize = { mode: "exact", width: outWidth, height: outHeight } as const;
    const geometry = pictureGeometry({ resize, resample }, width, height);
    const rgb = preprocessOnCpu(noise(width, height), width, height, geometry);
    expect(createHash("sha256").update(rgb).digest("hex").slice(0, 16)).toBe(hash);
  },
);

test("a crop is a part of the whole resize", () => {
  const resize = { mode: "shortest_edge", edge: 24 } as const;
  const [width, height] = [61, 40];
  const picture = noise(width, height);
  const whole = pictureGeometry({ resize, resample: "bicubic" }, width, height);
  const crop = pictureGeometry(
    { resize, resample: "bicubic", crop: { width: 17, height: 15 } },
    width,
    height,
  );
  const rgb = preprocessOnCpu(picture, width, height, whole);
  const part = preprocessOnCpu(picture, width, height, crop);
  for (let y = 0; y < 15; y++) {
    const from = ((y + crop.cropY) * whole.cropWidth + crop.cropX) * 3;
    expect(part.subarray(y * 17 * 3, (y + 1) * 17 * 3)).toEqual(rgb.subarray(from, from + 17 * 3));
  }
});

test("what a crop has beyond the picture is black", () => {
  const geometry = pictureGeometry(
    { resize: { mode: "exact", width: 2, height: 2 }, resample: "bicubic", crop: { width: 4, height: 2 } },
    2,
    2,
  );
  const rgb = preprocessOnCpu(new Uint8Array(16).fill(200), 2, 2, geometry);
  const row = [0, 0, 0, 200, 200, 200, 200, 200, 200, 0, 0, 0];
  expect([...rgb]).toEqual([...row, ...row]);
});

test("no plan reads outside of its picture", () => {
  for (const [input, output] of [
    [1, 9],
    [9, 1],
    [971, 32],
    [5, 64],
  ])
    for (const { starts, taps } of Object.values(resizePlan(input, input, square(output)))) {
      expect(Math.min(...starts)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...starts) + taps).toBeLessThanOrEqual(input);
    }
});

function square(side: number) {
  return pictureGeometry(
    { resize: { mode: "exact", width: side, height: side }, resample: "bicubic" },
    side,
    side,
  );
}

/** RGBA whose red, green and blue are the high bytes of an LCG seeded by the size; alpha is 0 and must not matter. */
function noise(width: number, height: number): Uint8Array {
  const rgba = new Uint8Array(width * height * 4);
  let state = width * 65537 + height;
  for (let i = 0; i < rgba.length; i++) {
    if (i % 4 === 3) continue;
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    rgba[i] = state >>> 24;
  }
  return rgba;
}

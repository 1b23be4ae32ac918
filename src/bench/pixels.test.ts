import { expect, test } from "vitest";
import type { ModelDescription } from "../classifier/model.ts";
import { affineOf } from "../image/normalise.ts";
import { normalisedPixels } from "./pixels.ts";

test("planes of red, green and blue, normalised, one picture after another", () => {
  const normalisation = { rescale: 1 / 255, mean: [0.5, 0.25, 0], std: [0.5, 0.25, 1] } as const;
  const model = {
    input: { width: 2, height: 2 },
    preprocessing: { resize: { mode: "exact", width: 2, height: 2 }, resample: "bicubic" },
    affine: affineOf(normalisation),
  } as unknown as ModelDescription;
  const picture = (red: number) => ({
    width: 2,
    height: 2,
    rgba: Uint8Array.from({ length: 16 }, (_, i) => [red + Math.floor(i / 4), 51, 255, 9][i % 4]),
  });
  const pixels = normalisedPixels(model, [picture(0), picture(100)]);
  const red = (byte: number) => expect.closeTo((byte / 255 - 0.5) / 0.5, 6);
  const green = expect.closeTo((0.2 - 0.25) / 0.25, 6);
  const blue = expect.closeTo(1, 6);
  const rest = [green, green, green, green, blue, blue, blue, blue];
  expect([...pixels]).toEqual([...[0, 1, 2, 3].map(red), ...rest, ...[100, 101, 102, 103].map(red), ...rest]);
});

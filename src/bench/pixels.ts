// The input of other runtimes: the pixels of vit8's own preprocessing, as normalized floats.

import type { ModelDescription } from "../classifier/model.ts";
import { pictureGeometry } from "../image/geometry.ts";
import type { RawPicture } from "../image/picture.ts";
import { preprocessOnCpu } from "../image/resize-pixels.ts";

/** Images -> [images, 3, height, width] f32. */
export function normalisedPixels(model: ModelDescription, pictures: readonly RawPicture[]): Float32Array {
  const { width, height } = model.input;
  const all = new Float32Array(pictures.length * 3 * width * height);
  const framing = { ...model.preprocessing, crop: { width, height } };
  const { scale, offset } = model.affine;
  for (const [i, { rgba, width: w, height: h }] of pictures.entries()) {
    const rgb = preprocessOnCpu(rgba, w, h, pictureGeometry(framing, w, h));
    const planes = all.subarray(i * rgb.length);
    rgb.forEach((byte, at) => {
      const channel = at % 3;
      planes[channel * width * height + Math.floor(at / 3)] = byte * scale[channel] + offset[channel];
    });
  }
  return all;
}

/** A synthetic image of soft colors and edges, the same for the same seed. */
export function madeUpPicture(seed: number, width = 320, height = 240): RawPicture {
  const rgba = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 4;
      const disc = Math.hypot(x - width / 2, y - height / 2) < (40 + 17 * seed) % 120;
      for (let c = 0; c < 3; c++)
        rgba[at + c] =
          127 + 100 * Math.sin((x * (c + 1) + y * (seed + 1)) / (20 + 7 * c) + seed) + (disc ? 28 : 0);
      rgba[at + 3] = 255;
    }
  return { width, height, rgba };
}

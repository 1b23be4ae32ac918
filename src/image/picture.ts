// A decoded image, and the sizes of images that vit8 takes.

import { PictureError } from "../errors/errors.ts";

/** Pixels in memory: straight (not premultiplied) sRGB bytes [height, width, 4]. Alpha is ignored. */
export interface RawPicture {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array | Uint8ClampedArray;
}

const MIN_SIDE = 2;
/** The limit of JPEG; it also keeps the resize tables below 3 MB. */
const MAX_SIDE = 65_535;
const MAX_PIXELS = 100e6;

/**
 * Checks the size of an image.
 * @param name the name of the image in the message
 * @throws PictureError below 2 pixels a side, above 65,535 pixels a side, above 100 megapixels
 */
export function checkPictureSize(name: string, width: number, height: number): void {
  const size = `${width} x ${height} pixels`;
  if (!Number.isInteger(width) || !Number.isInteger(height))
    throw new PictureError(`${name}: expected whole pixels, got ${size}.`);
  if (Math.min(width, height) < MIN_SIDE)
    throw new PictureError(`${name}: expected ${MIN_SIDE} pixels or more on each side, got ${size}.`);
  if (width * height > MAX_PIXELS)
    throw new PictureError(`${name}: expected at most 100 megapixels, got ${size}. Scale it down.`);
  if (Math.max(width, height) > MAX_SIDE)
    throw new PictureError(`${name}: expected at most 65,535 pixels on each side, got ${size}. Crop it.`);
}

// Images that keep their aspect between two bounds, as transformers' YolosImageProcessor resizes them.

import type { Size } from "./fields.ts";

export interface Bounds {
  /** Pixels that the shorter side gets, unless the longer one would be more than `longest`. */
  readonly shortest: number;
  readonly longest: number;
  /** Both sides are rounded down to a multiple of it. */
  readonly multiple: number;
}

/** Python's round: halves to the even number. */
const rounded = (value: number) => (value % 1 === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));

/** The size of an image after the resize; `get_size_with_aspect_ratio_yolos` of transformers. */
export function sizeWithin({ width, height }: Size, { shortest, longest, multiple }: Bounds): Size {
  const [least, most] = [Math.min(width, height), Math.max(width, height)];
  const exact = (most / least) * shortest > longest ? (longest * least) / most : undefined;
  const side = exact === undefined ? shortest : rounded(exact);
  const other = Math.trunc(((exact ?? side) * most) / least);
  const [w, h] = least === side ? [width, height] : width < height ? [side, other] : [other, side];
  const floored = (pixels: number) => Math.max(multiple, pixels - (pixels % multiple));
  return { width: floored(w), height: floored(h) };
}

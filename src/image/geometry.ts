// From a model's preprocessing and an image size to the resized size and the crop box.

import type { ResampleFilter } from "./resample.ts";

/** How a model resizes and crops images, in pixels, as `preprocessor_config.json` describes it. */
export interface Framing {
  readonly resize:
    | { readonly mode: "shortest_edge"; readonly edge: number }
    | { readonly mode: "exact"; readonly width: number; readonly height: number }
    /** The smallest size with the same aspect ratio that covers width and height. */
    | { readonly mode: "cover"; readonly width: number; readonly height: number };
  readonly crop?: { readonly width: number; readonly height: number };
  /**
   * Rounding of a crop start at half a pixel: `floor` as in transformers, `half-even` as in torchvision and timm.
   * @default "floor"
   */
  readonly rounding?: "floor" | "half-even";
  readonly resample: ResampleFilter;
}

/** Sizes in pixels. The crop may extend beyond the resized image; pixels outside are black. */
export interface Geometry {
  readonly resizedWidth: number;
  readonly resizedHeight: number;
  readonly cropX: number;
  readonly cropY: number;
  readonly cropWidth: number;
  readonly cropHeight: number;
  readonly filter: ResampleFilter;
}

/**
 * Computes the resized size and the crop box of an image.
 * @param framing the model's `framing`
 * @param width width of the image in pixels
 * @param height height of the image in pixels
 * @returns sizes in pixels
 */
export function pictureGeometry(framing: Framing, width: number, height: number): Geometry {
  const [resizedWidth, resizedHeight] = resizedSize(framing.resize, width, height);
  const { width: cropWidth, height: cropHeight } = framing.crop ?? {
    width: resizedWidth,
    height: resizedHeight,
  };
  const start = framing.rounding === "half-even" ? startOfTorchvision : startOfTransformers;
  return {
    resizedWidth,
    resizedHeight,
    cropX: start(resizedWidth, cropWidth),
    cropY: start(resizedHeight, cropHeight),
    cropWidth,
    cropHeight,
    filter: framing.resample,
  };
}

function resizedSize(resize: Framing["resize"], width: number, height: number): [number, number] {
  if (resize.mode === "exact") return [resize.width, resize.height];
  if (resize.mode === "cover") {
    const ratio = Math.min(height / resize.height, width / resize.width);
    return [roundHalfEven(width / ratio), roundHalfEven(height / ratio)];
  }
  const { edge } = resize;
  // Truncated, as transformers' get_resize_output_image_size and torchvision's Resize do.
  return width <= height
    ? [edge, Math.trunc((edge * height) / width)]
    : [Math.trunc((edge * width) / height), edge];
}

/** `center_crop` of transformers with PIL, which puts the greater half of the padding first. */
function startOfTransformers(size: number, crop: number): number {
  return Math.floor((size - crop) / 2);
}

/** torchvision's `int(round((size - crop) / 2))`; if the crop is larger, the smaller half of the padding is first. */
function startOfTorchvision(size: number, crop: number): number {
  return size < crop ? Math.floor((size - crop + 1) / 2) : roundHalfEven((size - crop) / 2);
}

/** Python's round(), from 0 on. */
function roundHalfEven(x: number): number {
  const up = Math.round(x);
  return x % 1 === 0.5 ? up - (up % 2) : up;
}

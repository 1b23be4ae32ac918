// What a page calls a picture, what messages call it, and how it is decoded.

import { isA } from "../errors/is-a.ts";
import { checkPictureSize, type RawPicture } from "../image/picture.ts";

/** Pixels in memory: straight sRGB bytes, as `ImageData` has them. */
export type PixelData =
  | RawPicture
  | { readonly width: number; readonly height: number; readonly data: RawPicture["rgba"] };

export type Picture =
  | Blob
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | ImageBitmap
  | ImageData
  | HTMLVideoElement
  | VideoFrame
  | PixelData;

/** How messages call a picture: the file's name or the element's address where there is one. */
export function nameOf(picture: Picture): string {
  if (isA(picture, "HTMLImageElement") || isA(picture, "HTMLVideoElement"))
    return picture.currentSrc.startsWith("data:") ? "data: URL" : picture.currentSrc || "element without src";
  if (isA(picture, "Blob") && "name" in picture) return String(picture.name);
  return (picture as object)?.constructor?.name ?? String(picture);
}

/** Pixels as the file has them. */
export const bitmapOptions: ImageBitmapOptions = {
  premultiplyAlpha: "none",
  colorSpaceConversion: "none",
  imageOrientation: "from-image",
};

/** An SVG is drawn as large as it likes. */
export function checkImageSize(image: HTMLImageElement): void {
  if (image.naturalWidth) checkPictureSize(nameOf(image), image.naturalWidth, image.naturalHeight);
}

// Image inputs in a page: their types, their names in messages, and how they are decoded.

import { typeName } from "../errors/check.ts";
import { isA } from "../errors/is-a.ts";
import { checkPictureSize, type RawPicture } from "../image/picture.ts";

/** Pixels in memory: straight (not premultiplied) sRGB bytes, as in `ImageData`. */
export type PixelData =
  | RawPicture
  | { readonly width: number; readonly height: number; readonly data: RawPicture["rgba"] };

/** An image input in a page; a string is a URL, relative to the page. */
export type Picture =
  | string
  | URL
  | Blob
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | ImageBitmap
  | ImageData
  | HTMLVideoElement
  | VideoFrame
  | PixelData;

/** The name of an image in messages: its file name or URL, if there is one. */
export function nameOf(picture: Picture): string {
  if (isA(picture, "HTMLImageElement") || isA(picture, "HTMLVideoElement"))
    return picture.currentSrc.startsWith("data:") ? "data: URL" : picture.currentSrc || "element without src";
  if (isA(picture, "Blob") && "name" in picture) return String(picture.name);
  return typeName(picture);
}

/** Pixels as the file has them. */
export const bitmapOptions: ImageBitmapOptions = {
  premultiplyAlpha: "none",
  colorSpaceConversion: "none",
  imageOrientation: "from-image",
};

/** An SVG may have any size. */
export function checkImageSize(image: HTMLImageElement): void {
  if (image.naturalWidth) checkPictureSize(nameOf(image), image.naturalWidth, image.naturalHeight);
}

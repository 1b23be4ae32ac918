// Images that can leave their thread: elements become bitmaps and frames, which are moved, not copied.

import { fetchedPicture, isUrl } from "../classifier/fetched-picture.ts";
import { decoded, openPicture, type Picture } from "../classifier/picture.ts";
import { bitmapOptions, nameOf } from "../classifier/picture-kinds.ts";
import { PictureError } from "../errors/errors.ts";
import { isA } from "../errors/is-a.ts";
import { bytesOf } from "../image/encoded-size.ts";
import { formatName } from "../image/format-name.ts";

/** A value for `postMessage`. The receiver closes a bitmap or frame; the caller's own image is unchanged. */
export async function sendable(picture: Picture, signal?: AbortSignal): Promise<unknown> {
  // Fetched here, because an SVG is drawn here.
  if (isUrl(picture)) return sendable(await fetchedPicture(picture, signal), signal);
  if (isA(picture, "VideoFrame")) return picture.clone();
  if (isA(picture, "HTMLImageElement") || (isA(picture, "Blob") && (await isSvg(picture))))
    return decoded(picture, signal);
  if (isA(picture, "Blob")) return picture;
  // An argument that is not an image throws here. A browser may post an ImageData that lost its pixels as an empty value.
  (await openPicture(picture)).close();
  if (isA(picture, "HTMLVideoElement")) return currentFrame(picture);
  const drawn =
    isA(picture, "HTMLCanvasElement") || isA(picture, "OffscreenCanvas") || isA(picture, "ImageBitmap");
  return drawn ? bitmapOf(picture) : picture;
}

/** A worker draws no SVG. */
async function isSvg(file: Blob): Promise<boolean> {
  // The worker throws the error of an unreadable image.
  const head = await bytesOf(file.slice(0, 65_536)).catch(() => new Uint8Array());
  return formatName(head) === "SVG";
}

/** The parts to transfer. */
export function transferables(pictures: readonly unknown[]): Transferable[] {
  return pictures.filter(
    (picture) => isA(picture, "ImageBitmap") || isA(picture, "VideoFrame"),
  ) as Transferable[];
}

function currentFrame(video: HTMLVideoElement): VideoFrame | Promise<ImageBitmap> {
  if (!("VideoFrame" in globalThis)) return bitmapOf(video);
  try {
    return new VideoFrame(video);
  } catch (cause) {
    throw unreadable(video, cause);
  }
}

async function bitmapOf(picture: Parameters<typeof createImageBitmap>[0] & Picture): Promise<ImageBitmap> {
  return createImageBitmap(picture, bitmapOptions).catch((cause) => {
    throw unreadable(picture, cause);
  });
}

function unreadable(picture: Picture, cause: unknown): PictureError {
  return new PictureError(`${nameOf(picture)}: the pixels cannot be read (${(cause as Error).message}).`, {
    cause,
  });
}

// Everything a page calls an image, behind one face that copies a region of it to a texture.

import { PictureError } from "../errors/errors.ts";
import { isA } from "../errors/is-a.ts";
import { part } from "../errors/part.ts";
import { checkPictureSize, type RawPicture } from "../image/picture.ts";
import { bitmapOptions, checkImageSize, nameOf, type Picture, type PixelData } from "./picture-kinds.ts";

export type { Picture, PixelData } from "./picture-kinds.ts";

/** In pixels of the image. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** An image that is decoded and waits to be copied to the GPU. */
export interface PictureSource {
  readonly width: number;
  readonly height: number;
  /** How messages call it. */
  readonly name: string;
  /** RGBA bytes, or something that a canvas draws. */
  readonly content: External | RawPicture["rgba"];
  /** Queues the copy of a region to the texture's rows from `textureRow` on. Throws PictureError for pixels that the page may not read. */
  write(device: GPUDevice, texture: GPUTexture, region: Region, textureRow: number): void;
  /** Releases the decoded copy; the caller's own image stays open. */
  close(): void;
}

/** For GPUTexture.usage of what `write` copies to: copyExternalImageToTexture may draw. */
export const pictureTextureUsage = () =>
  GPUTextureUsage.TEXTURE_BINDING | GPUTextureUsage.COPY_DST | GPUTextureUsage.RENDER_ATTACHMENT;

/**
 * Waits until the image is fetched and decoded. A Blob or `<img>` is decoded as stored in its file: upright, with straight alpha, without
 * applying a color profile. A video yields the frame that it shows when the region is written.
 * @param signal aborts the downloads that begin here; callers race it, because some browser calls cannot be aborted
 * @throws PictureError if there is nothing to decode, or its size is not supported
 */
export async function openPicture(picture: Picture, signal?: AbortSignal): Promise<PictureSource> {
  const source = await sourceOf(picture, signal);
  try {
    checkPictureSize(source.name, source.width, source.height);
  } catch (error) {
    source.close();
    throw error;
  }
  return source;
}

async function sourceOf(picture: Picture, signal?: AbortSignal): Promise<PictureSource> {
  if (isA(picture, "Blob") || isA(picture, "HTMLImageElement")) {
    const bitmap = await decoded(picture, signal);
    return { ...external(bitmap, bitmap.width, bitmap.height, nameOf(picture)), close: () => bitmap.close() };
  }
  if (isA(picture, "HTMLVideoElement")) return fromVideo(picture);
  if (isA(picture, "VideoFrame")) return external(picture, picture.displayWidth, picture.displayHeight);
  if (isA(picture, "ImageBitmap") || isA(picture, "HTMLCanvasElement") || isA(picture, "OffscreenCanvas"))
    return external(picture, picture.width, picture.height);
  return fromPixels(picture, signal);
}

/** The image as a bitmap, whose size was checked before there was one. Throws PictureError. */
export async function decoded(picture: Blob | HTMLImageElement, signal?: AbortSignal): Promise<ImageBitmap> {
  let trouble: unknown;
  // Outside the viewport, a lazy image would never load.
  if (isA(picture, "Blob") || picture.loading !== "lazy" || picture.complete)
    try {
      // If the reader does not load, the browser's own limits apply.
      if (isA(picture, "Blob"))
        await (await import("../image/encoded-size.ts").catch(() => undefined))?.checkFileSize(
          picture,
          nameOf(picture),
        );
      else await arrived(picture);
      return await createImageBitmap(picture, bitmapOptions);
    } catch (cause) {
      if (cause instanceof PictureError) throw cause;
      trouble = cause;
    }
  return (await oddPictures()).reopened(picture, trouble, signal, decoded);
}

const oddPictures = () => part(import("./reopened-picture.ts"));

async function arrived(image: HTMLImageElement): Promise<void> {
  checkImageSize(image);
  // The images of a window that was closed stay as they are.
  if (image.ownerDocument.defaultView) await image.decode();
  checkImageSize(image);
}

async function fromVideo(video: HTMLVideoElement): Promise<PictureSource> {
  if (video.readyState < video.HAVE_CURRENT_DATA) throw (await oddPictures()).withoutFrame(video);
  return external(video, video.videoWidth, video.videoHeight);
}

type External = ImageBitmap | HTMLVideoElement | VideoFrame | HTMLCanvasElement | OffscreenCanvas;

function external(picture: External, width: number, height: number, name = nameOf(picture)): PictureSource {
  let source = picture;
  return {
    width,
    height,
    name,
    content: picture,
    write(device, texture, { x, y, width: columns, height: rows }, textureRow) {
      const copy = () =>
        device.queue.copyExternalImageToTexture(
          { source, origin: { x, y } },
          { texture, origin: { x: 0, y: textureRow }, premultipliedAlpha: false },
          { width: columns, height: rows },
        );
      try {
        try {
          copy();
        } catch {
          // Chromium without a hardware GPU copies no video and no 16-bit image, but can draw both.
          source = drawn(picture, width, height);
          copy();
        }
      } catch (cause) {
        const { name: kind, message } = cause as Error;
        const reason = kind === "SecurityError" ? "from another site without CORS" : message;
        throw new PictureError(`${name}: the pixels cannot be read (${reason}).`, { cause });
      }
    },
    close() {},
  };
}

function drawn(picture: External, width: number, height: number): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")!.drawImage(picture, 0, 0, width, height);
  return canvas;
}

async function fromPixels(
  picture: PixelData | string | URL,
  signal: AbortSignal | undefined,
): Promise<PictureSource> {
  // Object() makes addresses, and null from callers without types, objects without pixels.
  const { width, height, data, rgba = data } = Object(picture);
  if (!(isA(rgba, "Uint8Array") || isA(rgba, "Uint8ClampedArray")) || rgba.length !== width * height * 4)
    return (await oddPictures()).openedOther(picture, signal, sourceOf);
  return {
    width,
    height,
    name: nameOf(picture),
    content: rgba,
    write(device, texture, region, textureRow) {
      device.queue.writeTexture(
        { texture, origin: { x: 0, y: textureRow } },
        rgba as Uint8Array<ArrayBuffer>,
        { offset: (region.y * width + region.x) * 4, bytesPerRow: width * 4 },
        { width: region.width, height: region.height },
      );
    },
    close() {},
  };
}

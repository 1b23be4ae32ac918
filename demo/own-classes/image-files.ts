/** Files of a folder that are images, and what the index takes of each. */
import { bitmapOf } from "../match/bitmap.ts";
import type { Candidate } from "./indexing.ts";
import type { FileAt } from "./inputs.ts";

/** As many as a search is quick for. */
export const MOST = 10_000;
const THUMBNAIL = 160;

/** Those that are images. */
export function candidatesOf(files: readonly FileAt[]): Candidate[] {
  const images = files.filter(({ file }) => file.type.startsWith("image/"));
  return images.map(({ path, file }) => ({
    key: `${path}:${file.size}:${file.lastModified}`,
    name: path,
    file,
  }));
}

/** Decoded once, for the model and for the thumbnail. */
export async function openImage({ file }: Candidate) {
  const picture = await bitmapOfFile(file);
  return { picture, thumbnail: await thumbnailOf(picture), close: () => picture.close() };
}

async function bitmapOfFile(file: Blob): Promise<ImageBitmap> {
  const asStored = { premultiplyAlpha: "none", colorSpaceConversion: "none" } as const;
  if (file.type !== "image/svg+xml") return createImageBitmap(file, asStored);
  const address = URL.createObjectURL(file);
  try {
    return await bitmapOf(address);
  } finally {
    URL.revokeObjectURL(address);
  }
}

async function thumbnailOf(picture: ImageBitmap): Promise<Blob> {
  const scale = Math.min(1, THUMBNAIL / Math.max(picture.width, picture.height));
  const width = Math.max(1, Math.round(scale * picture.width));
  const height = Math.max(1, Math.round(scale * picture.height));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d")!;
  context.fillStyle = "white"; // JPEG has no transparency
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "medium";
  context.drawImage(picture, 0, 0, width, height);
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.8 });
}

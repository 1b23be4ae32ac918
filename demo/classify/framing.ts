/** What a model sees of an image: the box that its preprocessing cuts out. */
import { type Framing, type Geometry, pictureGeometry } from "../../src/index.ts";
import { byId } from "./page.ts";
import { texts } from "./texts.ts";

/** Draws the crop at the model's size, and shows its size. */
export function showSeen(picture: ImageBitmap | HTMLVideoElement, framing: Framing): void {
  const { resizedWidth, resizedHeight, cropWidth, cropHeight } = drawSeen(
    byId("seen", HTMLCanvasElement),
    picture,
    framing,
  );
  byId("seen-words", HTMLElement).textContent = texts.seen(
    cropWidth,
    cropHeight,
    resizedWidth,
    resizedHeight,
  );
}

/** Draws the box at the model's size. */
export function drawSeen(
  canvas: HTMLCanvasElement,
  picture: ImageBitmap | HTMLVideoElement,
  framing: Framing,
): Geometry {
  const isVideo = picture instanceof HTMLVideoElement;
  const width = isVideo ? picture.videoWidth : picture.width;
  const height = isVideo ? picture.videoHeight : picture.height;
  const geometry = pictureGeometry(framing, width, height);
  const { resizedWidth, resizedHeight, cropX, cropY, cropWidth, cropHeight } = geometry;
  canvas.width = cropWidth;
  canvas.height = cropHeight;
  const context = canvas.getContext("2d");
  if (!context) return geometry;
  context.fillRect(0, 0, cropWidth, cropHeight); // pixels around an image smaller than the crop are black
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, -cropX, -cropY, resizedWidth, resizedHeight);
  return geometry;
}

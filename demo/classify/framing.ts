/** What a model sees of a picture: the box that its preprocessing cuts out. */
import { type Framing, pictureGeometry } from "../../src/index.ts";
import { byId } from "./page.ts";
import { texts } from "./texts.ts";

/** Draws the box at the model's size. */
export function showSeen(picture: ImageBitmap | HTMLVideoElement, framing: Framing): void {
  const isVideo = picture instanceof HTMLVideoElement;
  const width = isVideo ? picture.videoWidth : picture.width;
  const height = isVideo ? picture.videoHeight : picture.height;
  const { resizedWidth, resizedHeight, cropX, cropY, cropWidth, cropHeight } = pictureGeometry(
    framing,
    width,
    height,
  );
  const canvas = byId("seen", HTMLCanvasElement);
  canvas.width = cropWidth;
  canvas.height = cropHeight;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.fillRect(0, 0, cropWidth, cropHeight); // black is what is around a picture smaller than the crop
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, -cropX, -cropY, resizedWidth, resizedHeight);
  byId("seen-words", HTMLElement).textContent = texts.seen(
    cropWidth,
    cropHeight,
    resizedWidth,
    resizedHeight,
  );
}

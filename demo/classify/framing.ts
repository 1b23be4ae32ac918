/** What a model sees of a picture: the box that its preprocessing cuts out. */
import { type Preprocessing, parseJson, parseModel } from "../../src/format/config.ts";
import { resolveFolder } from "../../src/format/folder.ts";
import { pictureGeometry } from "../../src/image/geometry.ts";
import type { ModelSource } from "../../src/index.ts";
import { byId } from "./page.ts";
import { texts } from "./texts.ts";

/** How the model wants its pictures. The model has been loaded, so the files are there and right. */
export async function readPreprocessing(model: ModelSource): Promise<Preprocessing> {
  const folder = resolveFolder(model);
  const read = async (name: string) => {
    const text = await folder.readText(name);
    return text === undefined ? undefined : parseJson(text, name);
  };
  const [config, preprocessor] = await Promise.all([read("config.json"), read("preprocessor_config.json")]);
  return parseModel(config, preprocessor).preprocessing;
}

/** Draws the box at the model's size. */
export function showSeen(picture: ImageBitmap | HTMLVideoElement, preprocessing: Preprocessing): void {
  const isVideo = picture instanceof HTMLVideoElement;
  const width = isVideo ? picture.videoWidth : picture.width;
  const height = isVideo ? picture.videoHeight : picture.height;
  const { resizedWidth, resizedHeight, cropX, cropY, cropWidth, cropHeight } = pictureGeometry(
    preprocessing,
    width,
    height,
  );
  const canvas = byId("seen", HTMLCanvasElement);
  canvas.width = cropWidth;
  canvas.height = cropHeight;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, -cropX, -cropY, resizedWidth, resizedHeight);
  byId("seen-words", HTMLElement).textContent = texts.seen(
    cropWidth,
    cropHeight,
    resizedWidth,
    resizedHeight,
  );
}

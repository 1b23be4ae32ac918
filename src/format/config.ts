/** Reads what describes a model, config.json and preprocessor_config.json, in any dialect found on the Hub. */
import { UnsupportedModelError } from "../errors/errors.ts";
import { checkGrid, type VitArchitecture } from "./architecture.ts";
import { isTimmConfig, parseTimmConfig } from "./config-timm.ts";
import { parseTransformersConfig } from "./config-transformers.ts";
import { asFields } from "./fields.ts";
import { type Preprocessing, parsePreprocessing, pictureSize } from "./preprocessing.ts";

export type { VitArchitecture } from "./architecture.ts";
export { patchGrid } from "./architecture.ts";
export { isTimmConfig } from "./config-timm.ts";
export { parseJson } from "./fields.ts";
export { fillLabels } from "./labels.ts";
export { type Preprocessing, parsePreprocessing, pictureSize } from "./preprocessing.ts";
export { type QuantizationOptions, quantizationConfig } from "./quantization-config.ts";

/**
 * The architecture as trained, with the picture's size that config.json names.
 * Throws UnsupportedModelError naming what vit8 does not run, ModelFormatError for a field of the wrong type.
 */
export function parseArchitecture(configJson: unknown): VitArchitecture {
  const config = asFields(configJson, "config.json");
  return isTimmConfig(config) ? parseTimmConfig(config) : parseTransformersConfig(config);
}

/**
 * Both halves, with the architecture set to the size of picture that preprocessing makes, which may differ from the
 * trained one (DINOv2 is trained at 518 pixels and used at 224): its positions are interpolated at load.
 */
export function parseModel(
  configJson: unknown,
  preprocessorJson?: unknown,
): { architecture: VitArchitecture; preprocessing: Preprocessing } {
  const trained = parseArchitecture(configJson);
  const preprocessing = parsePreprocessing(preprocessorJson, configJson);
  const { width, height } = pictureSize(preprocessing);
  checkTrainedSize(trained, `${width}x${height}`);
  const architecture = { ...trained, imageWidth: width, imageHeight: height };
  checkGrid(architecture);
  return { architecture, preprocessing };
}

/** ViT and DeiT of transformers take pictures of `image_size` alone; timm's size is the model's already. */
function checkTrainedSize({ family, imageWidth, imageHeight }: VitArchitecture, came: string): void {
  const trained = `${imageWidth}x${imageHeight}`;
  if (came === trained || !/^(?:ViT|DeiT)/.test(family)) return;
  throw new UnsupportedModelError(
    `preprocessor_config.json: expected pictures of ${trained}, the image_size in config.json, got ${came}; make size or crop_size ${trained}`,
  );
}

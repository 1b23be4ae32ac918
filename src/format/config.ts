/** Reads what describes a model, config.json and preprocessor_config.json, in any dialect found on the Hub. */
import { checkGrid, type VitArchitecture } from "./architecture.ts";
import { isTimmConfig, parseTimmConfig } from "./config-timm.ts";
import { parseTransformersConfig } from "./config-transformers.ts";
import { asFields } from "./fields.ts";
import { type Preprocessing, parsePreprocessing, pictureSize } from "./preprocessing.ts";

export type { VitArchitecture } from "./architecture.ts";
export { patchGrid } from "./architecture.ts";
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
  const architecture = { ...trained, imageWidth: width, imageHeight: height };
  checkGrid(architecture);
  return { architecture, preprocessing };
}

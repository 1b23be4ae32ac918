// Whether `vit8 quantize` leaves out the text tower of a model that has one.

import { UnsupportedModelError } from "../errors/errors.ts";
import { asFields, parseJson } from "../format/fields.ts";
import { readTextModel } from "../network/text-model.ts";
import type { Calibration } from "./calibrate.ts";
import type { OpenModel } from "./model.ts";

/** The reason in one sentence; undefined if the text tower is written, or if there is none. */
export async function whyWithoutText(
  { folder, besideText }: OpenModel,
  { method, bits, weights }: Calibration,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!besideText) return undefined;
  if (method !== "dynamic" || bits !== "w8a8" || weights)
    return "The text tower is left out, because only the defaults of --method, --bits and --weights quantize it.";
  const config = await folder.readText("config.json", signal);
  try {
    await readTextModel(asFields(parseJson(config!, "config.json"), "config.json"));
    return undefined;
  } catch (error) {
    if (!(error instanceof UnsupportedModelError)) throw error;
    return `The text tower is left out: ${error.message}`;
  }
}

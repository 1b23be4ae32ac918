// Models at the start of a race, as both sides take them: vit8 as files, the others as floats.

import { madeUpFloats, madeUpFolder, madeUpModel, SHAPES } from "../../../src/bench/made-up-model.ts";
import type { ModelDescription } from "../../../src/classifier/model.ts";
import { openChecked } from "../../../src/classifier/open-model.ts";
import { resolveFolder } from "../../../src/format/folder.ts";
import type { ModelSource } from "../../../src/index.ts";
import { floatTensors } from "../../../src/onnx/float-tensors.ts";
import type { Tensors } from "../../../src/onnx/writer.ts";
import type { Bench } from "../bench-page.ts";

export interface RaceModel {
  readonly description: ModelDescription;
  /** What vit8 loads. */
  readonly source: ModelSource;
  /** The same weights. */
  readonly floats: Tensors;
}

/** One of each: a folder that was chosen, or else named by the address, or else synthetic weights of every shape and size. */
export function raceModels({ folder, settings, signal }: Bench): (() => Promise<RaceModel>)[] {
  const source = folder ?? (settings.model && new URL(settings.model, location.href));
  if (source) return [() => openedModel(source, signal)];
  return settings.models.flatMap((name) =>
    settings.size.map((pixels) => async () => {
      const description = madeUpModel(name, SHAPES[name], pixels);
      const source = madeUpFolder(SHAPES[name], pixels);
      return { description, source, floats: madeUpFloats(description) };
    }),
  );
}

/** @throws UnsupportedModelError, ModelFormatError or ModelLoadError for a bad model. */
async function openedModel(source: ModelSource, signal: AbortSignal): Promise<RaceModel> {
  const model = await openChecked(await resolveFolder(source), signal);
  // Of an address the last part: two servers' rows of one model can be compared.
  const id = model.id.split("/").findLast((part) => part !== "") ?? model.id;
  return { description: { ...model, id }, source, floats: await floatTensors(model, signal) };
}

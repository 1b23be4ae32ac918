// A model whose file may lack a parameter. The headers of the weights file show which one.

import type { ModelFolder } from "../format/folder.ts";
import { listWeights } from "../format/weights.ts";
import type { Model } from "../network/model.ts";

/** The model without the parameter if no tensor has its name, with any prefix. */
export async function asStored(model: Model, folder: ModelFolder, signal?: AbortSignal): Promise<Model> {
  const { tensor, without } = model.optional!;
  const [, stem, leaf] = /^(.+)\.(\w+)$/.exec(tensor)!;
  const names = [stem, ...model.names.variants(stem)].map((name) => `.${name}.${leaf}`);
  const entries = await listWeights(folder, signal);
  const isStored = entries.some(({ name }) => names.some((one) => `.${name}`.endsWith(one)));
  return isStored ? model : { ...without, labels: model.labels };
}

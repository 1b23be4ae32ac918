// A model as its configs describe it, of any family: the rest of vit8 uses only this.

import { UnsupportedModelError } from "../errors/errors.ts";
import { asFields, type Fields, field, oneOf, quote, type Size } from "../format/fields.ts";
import { fillLabels, readScoring, type Scoring, transformersLabels } from "../format/labels.ts";
import { type Preprocessing, parsePreprocessing, pictureSize } from "../format/preprocessing.ts";
import { parseQuantization, type Quantization } from "../format/quantization-config.ts";
import { isTimmConfig, timmLabels } from "../format/timm.ts";
import { familyOf } from "./families.ts";
import { type AnyFamily, networkOf, type Reading } from "./family.ts";
import { withLayers } from "./kept-layers.ts";
import { Names } from "./names.ts";
import type { Network, Patches } from "./op.ts";

export interface Model {
  /** The name in the config: a class of transformers or an architecture of timm. */
  readonly name: string;
  /** Pixels of the images that it computes on, and along each side of a patch. */
  readonly input: { readonly width: number; readonly height: number; readonly patch: number };
  readonly preprocessing: Preprocessing;
  /** One for each class; none in an embedding model. */
  readonly labels: readonly string[];
  readonly scoring: Scoring;
  /** The meaning of the checkpoint's integers; undefined for a float checkpoint. */
  readonly quantization?: Quantization;
  /** Whether its weights lie beside those of a text tower. */
  readonly besideText: boolean;
  readonly network: Network;
  readonly names: Names;
  /** The family's spec, for display. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** A parameter that a file may lack, and the model without. */
  readonly optional?: { readonly tensor: string; readonly without: Model };
  /** The network for images of another size; positions are interpolated at load. */
  readonly networkAt: (image: Size) => Network;
}

/**
 * Loads the family and reads the configs with it.
 * @param processorOf returns the contents of preprocessor_config.json; timm has none, so a server's response for it is not read
 * @throws UnsupportedModelError with the unsupported setting; ModelFormatError for a field of the wrong type
 */
export async function readModel(
  configJson: unknown,
  processorOf: () => unknown | Promise<unknown> = () => undefined,
): Promise<Model> {
  const config = asFields(configJson, "config.json");
  const family = await familyOf(config);
  const model = modelOf(family, config, isTimmConfig(config) ? undefined : await processorOf());
  return { ...model, labels: await fillLabels(model.labels) };
}

/** The same for a loaded family. The network is for the image size of the preprocessing: DINOv2 is trained on larger ones. */
export function modelOf(family: AnyFamily, config: Fields, preprocessorJson?: unknown): Model {
  const { name, head, labels } = readHead(family, config);
  const spec = family.read(config, { name, head, classes: labels.length });
  const preprocessing = parsePreprocessing(preprocessorJson, config, family.processor);
  const image = pictureSize(preprocessing);
  if (family.fixedSize) checkTrainedSize(spec.image, image);
  const scoring = readScoring(config, labels.length);
  const quantization = parseQuantization(field(config, "quantization_config"));
  const besideText = field(config, "text_config") !== undefined;
  const { optional } = family;
  const described = (one: typeof spec): Model => {
    const networkAt = (size: Size) => networkOf(family, { ...one, image: size });
    const network = networkAt(image);
    const names = new Names(family.dialects(one), family.bases ?? []);
    return {
      ...{ name, preprocessing, labels, scoring, besideText, network, networkAt, names },
      quantization: quantization && withLayers(quantization, network, names),
      input: { ...image, patch: patchOf(network) },
      spec: { ...one, image },
      optional: optional?.of(one)
        ? { tensor: optional.tensor, without: described(optional.without(one)) }
        : undefined,
    };
  };
  return described(spec);
}

interface Head extends Omit<Reading, "classes"> {
  readonly labels: string[];
}

function readHead({ architectures }: AnyFamily, config: Fields): Head {
  if (!architectures || isTimmConfig(config)) {
    const labels = timmLabels(config);
    return {
      name: String(field(config, "architecture")),
      head: labels.length ? "classify" : "embed",
      labels,
    };
  }
  const named = [field(config, "architectures") ?? []].flat();
  const known = named.find((name) => typeof name === "string" && Object.hasOwn(architectures, name));
  const name = known ?? named[0] ?? Object.keys(architectures)[0];
  const head = oneOf(name, "architecture", architectures);
  return { name: name as string, head, labels: head === "embed" ? [] : transformersLabels(config) };
}

function checkTrainedSize(trained: Size, got: Size): void {
  if (got.width === trained.width && got.height === trained.height) return;
  const size = ({ width, height }: Size) => `${width}x${height}`;
  throw new UnsupportedModelError(
    `preprocessor_config.json: expected images of ${size(trained)}, the image_size in config.json, got ${size(got)}. Set size or crop_size to ${size(trained)}.`,
  );
}

/** Pixels along a side of the squares that a network cuts its image into. */
function patchOf({ ops }: Network): number {
  const patches = ops.find((op): op is Patches => op.kind === "patches");
  if (patches) return Math.sqrt(patches.out.width / 3);
  throw new UnsupportedModelError(`network: expected image patches, got ${quote(ops[0]?.kind)}.`);
}

// A text tower as its configs describe it.

import { UnsupportedModelError } from "../errors/errors.ts";
import { part } from "../errors/part.ts";
import { asFields, type Fields, field, quote, readText } from "../format/fields.ts";
import type { Scoring } from "../format/labels.ts";
import { parseQuantization, type Quantization } from "../format/quantization-config.ts";
import { Builder } from "./builder.ts";
import { Names } from "./names.ts";
import type { Network } from "./op.ts";
import type { AnyTextFamily } from "./text-family.ts";

export interface TextModel {
  readonly name: string;
  readonly scoring: Scoring;
  readonly fixedLength: boolean;
  /** Tokens of a text, at most. */
  readonly places: number;
  readonly names: Names;
  readonly quantization?: Quantization;
  readonly network: Network;
  /** The network for texts of so many tokens. */
  readonly networkAt: (rows: number) => Network;
  /** Which row of `embedding` is the text's. */
  readonly pooledRow: (ids: readonly number[]) => number;
}

type Files = Readonly<Record<string, (() => Promise<AnyTextFamily>) | undefined>>;
const FAMILIES: Files = import.meta.glob<AnyTextFamily>("./texts/*.ts", { import: "default" });

/** @throws UnsupportedModelError naming what vit8 does not run, ModelFormatError for a field of the wrong type */
export async function readTextModel(config: Fields): Promise<TextModel> {
  const name = readText(config, "model_type") ?? "";
  const file = FAMILIES[`./texts/${name}.ts`];
  const tower = field(config, "text_config");
  if (!file || tower === undefined)
    throw new UnsupportedModelError(
      `model_type: expected clip or siglip with both towers, got ${quote(name)}${file ? " without text_config" : ""}. Load a CLIP or SigLIP model.`,
    );
  const family = await part(file());
  const spec = family.read(config, asFields(tower, "text_config"));
  const quantization = parseQuantization(field(config, "quantization_config"));
  const networkAt = (rows: number) => {
    const net = new Builder();
    return net.network(family.build(spec, net, rows));
  };
  return {
    name,
    scoring: family.scoring,
    fixedLength: family.fixedLength,
    places: spec.places,
    names: new Names(family.dialects(spec), []),
    // Float layers belong to the image tower.
    quantization: quantization && { ...quantization, ignore: [] },
    network: networkAt(spec.places),
    networkAt,
    pooledRow: (ids) => family.pooledRow(spec, ids),
  };
}

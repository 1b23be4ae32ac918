// A text tower: everything specific to it, in one file of `texts/`.

import { type Fields, readInteger } from "../format/fields.ts";
import type { Scoring } from "../format/labels.ts";
import type { EncoderSpec } from "./block.ts";
import type { Builder } from "./builder.ts";
import type { Dialect } from "./names.ts";
import type { Value } from "./op.ts";
import { readSizes } from "./transformers.ts";

export interface TextSpec extends EncoderSpec {
  /** Tokens that there are. */
  readonly words: number;
  /** Tokens of a text, at most. */
  readonly places: number;
}

export interface TextFamily<S extends TextSpec> {
  /** How logits of an image and its labels become scores. */
  readonly scoring: Scoring;
  /** Whether every text is padded to the full length, and padding takes part in the computation. */
  readonly fixedLength: boolean;
  /** @throws UnsupportedModelError for a setting that it does not run, ModelFormatError for a field of the wrong type */
  readonly read: (config: Fields, tower: Fields) => S;
  readonly dialects: (spec: S) => readonly Dialect[];
  /** The forward pass of `rows` tokens; returns `embedding`. */
  readonly build: (spec: S, net: Builder, rows: number) => Readonly<Record<string, Value>>;
  /** Which row of `embedding` is the text's. */
  readonly pooledRow: (spec: S, ids: readonly number[]) => number;
}

/** For code that does not know the family. */
// biome-ignore lint/suspicious/noExplicitAny: a family takes its own spec, which nobody else looks into
export type AnyTextFamily = TextFamily<any>;

/** The sizes of a text tower by their names in a config, whose defaults `fields` has. */
export function readTextSizes(fields: Fields, eps: number): TextSpec {
  return {
    ...readSizes(fields, { eps }),
    words: readInteger(fields, "vocab_size", 1, 2 ** 24),
    places: readInteger(fields, "max_position_embeddings", 1, 8192),
  };
}

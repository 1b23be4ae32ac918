// A family of models: everything specific to it, in one file of `families/`.

import type { Fields, Size } from "../format/fields.ts";
import type { Processor } from "../format/preprocessing.ts";
import { Builder } from "./builder.ts";
import type { Dialect } from "./names.ts";
import type { Network, Value } from "./op.ts";

/** The fields of a config that determine the network. A family adds the fields that its own forward pass reads. */
export interface Spec {
  /** Pixels of the images that it computes on. */
  readonly image: Size;
}

/** What is known when a family reads a config. */
export interface Reading {
  /** The class of transformers, or the architecture of timm. */
  readonly name: string;
  /** The head according to `architectures`; for timm `classify`, or `embed` without classes. */
  readonly head: string;
  /** 0: no head. */
  readonly classes: number;
}

export interface Family<S extends Spec> {
  /** The classes of transformers that it runs, the default first, each with its head: `embed` has none and no labels. */
  readonly architectures?: Readonly<Record<string, string>>;
  /** Prefixes of all names of the network except its head's, as transformers' `base_model_prefix`. */
  readonly bases?: readonly string[];
  /** The image processor where preprocessor_config.json names none. */
  readonly processor?: string | Processor;
  /** The library runs it on images of `image` alone, and interpolates no positions. */
  readonly fixedSize?: boolean;
  /** A parameter that a file may lack, whether the spec has it, and the spec without. */
  readonly optional?: {
    readonly tensor: string;
    readonly of: (spec: S) => boolean;
    readonly without: (spec: S) => S;
  };
  /** @throws UnsupportedModelError for a setting that it does not run, ModelFormatError for a field of the wrong type */
  readonly read: (config: Fields, reading: Reading) => S;
  /** The names of tensors in each dialect; the first one is what vit8 writes. */
  readonly dialects: (spec: S) => readonly Dialect[];
  /** The forward pass: adds its operations to `net` and returns `embedding`, and with a head `logits`. */
  readonly build: (spec: S, net: Builder) => Readonly<Record<string, Value>>;
}

/** For code that does not know the family. */
// biome-ignore lint/suspicious/noExplicitAny: a family takes its own spec, which nobody else looks into
export type AnyFamily = Family<any>;

export function networkOf<S extends Spec>(family: Family<S>, spec: S): Network {
  const net = new Builder();
  return net.network(family.build(spec, net));
}

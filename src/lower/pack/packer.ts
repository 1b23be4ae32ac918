// What takes the tensors of one operation, and what it gives.

import type { TensorEntry } from "../../format/safetensors.ts";
import type { CanonicalName } from "../../network/names.ts";
import type { Int8Kernels } from "../kernels.ts";

export type Precision = "int8" | "float32";

/** A tensor of a checkpoint under its one name, float or int8. */
export interface StoredTensor {
  readonly name: CanonicalName;
  readonly entry: TensorEntry;
  readonly bytes: Uint8Array;
}

/** A buffer that a step names. */
export type Packed = readonly [name: string, data: ArrayBufferView];

/** Takes the tensors of one operation, in any order, and gives each buffer once, as soon as it is whole. */
export interface Packer {
  readonly takes: readonly CanonicalName[];
  take(tensor: StoredTensor): Iterable<Packed>;
}

export interface PackOptions {
  readonly precision: Precision;
  /** What each colour is worth where a pixel is 0 in int8. */
  readonly int8Offset: readonly number[];
  /** How the residual stream begins. */
  readonly stream?: Int8Kernels["stream"];
}

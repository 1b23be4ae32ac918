// What takes the tensors of one operation, and what it gives.

import type { CanonicalName } from "../../network/names.ts";
import type { Linear } from "../../network/op.ts";
import type { Int8Kernels } from "../kernels.ts";
import type { PackedWeight } from "./packed-weight.ts";
import type { StoredTensor } from "./stored-tensor.ts";

export type Precision = "int8" | "float32";

/** A buffer that a step names. */
export type Packed = readonly [name: string, data: ArrayBufferView];

/** Takes the tensors of one operation, in any order, and gives each buffer once, as soon as it is whole. */
export interface Packer {
  readonly takes: readonly CanonicalName[];
  take(tensor: StoredTensor): AsyncIterable<Packed>;
}

export interface PackOptions {
  /** How a product's weight is stored. */
  readonly weight: (op: Linear, options: PackOptions) => PackedWeight;
  /** What each colour is worth where a pixel is 0 in int8. */
  readonly int8Offset: readonly number[];
  /** How the residual stream begins. */
  readonly stream?: Int8Kernels["stream"];
}

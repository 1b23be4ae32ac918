// A packer converts the tensors of one operation to the buffers of its kernels.

import type { CanonicalName } from "../../network/names.ts";
import type { Linear } from "../../network/op.ts";
import type { Int8Kernels } from "../kernels.ts";
import type { PackedWeight } from "./packed-weight.ts";
import type { StoredTensor } from "./stored-tensor.ts";

/** The arithmetic of weights and activations: int8, or f32 as its reference. */
export type Precision = "int8" | "float32";

/** The contents of a buffer, with the name by which a step refers to it. */
export type Packed = readonly [name: string, data: ArrayBufferView];

/** Accepts the tensors of one operation in any order, and yields each buffer once, as soon as it is complete. */
export interface Packer {
  readonly takes: readonly CanonicalName[];
  take(tensor: StoredTensor): AsyncIterable<Packed>;
}

export interface PackOptions {
  /** How a product's weight is stored. */
  readonly weight: (op: Linear, options: PackOptions) => PackedWeight;
  /** The value of each color where a pixel is 0 in int8. */
  readonly int8Offset: readonly number[];
  /** How the residual stream begins. */
  readonly stream?: Int8Kernels["stream"];
}

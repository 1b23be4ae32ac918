import type { Source } from "../../network/op.ts";
import type { StoredTensor } from "./stored-tensor.ts";

/** A packed weight in the making. */
export interface PackedWeight {
  /** A factor for each output channel; undefined if it is already in the values. */
  readonly scales?: Float32Array;
  /** The excess of each output channel, because a pixel of 0 is not the int8 0. */
  readonly offsets?: Float64Array;
  /** Copies the rows of a source to their position. */
  put(source: Source, tensor: StoredTensor): void;
  /** Channel by channel. */
  multiply(factors: Float32Array): void;
  divide(by: number): void;
  /** The values, [k / 16, n, 16] or [k, n] with output channels n and inputs k as padded. They are not kept. */
  give(): Int8Array | Float32Array;
}

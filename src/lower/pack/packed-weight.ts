import type { Source } from "../../network/op.ts";
import type { StoredTensor } from "./stored-tensor.ts";

/** A packed weight in the making. */
export interface PackedWeight {
  /** A factor for each output channel; absent where they are in the values. */
  readonly scales?: Float32Array;
  /** What each output channel has too much, because a pixel of 0 is not the int8 0. */
  readonly offsets?: Float64Array;
  /** Puts the rows of a source where they belong. */
  put(source: Source, tensor: StoredTensor): void;
  /** Channel by channel. */
  multiply(factors: Float32Array): void;
  divide(by: number): void;
  /** The values, [k / 16, n, 16] or [k, n] with output channels n and inputs k as padded. They are not kept. */
  give(): Int8Array | Float32Array;
}

import type { Source } from "../../network/op.ts";
import type { StoredTensor } from "./stored-tensor.ts";

/** A packed weight in the making. */
export interface PackedWeight {
  /** Output channels and inputs, padded. */
  readonly data: Int8Array | Float32Array;
  /** A factor for each output channel. */
  readonly scales?: Float32Array;
  /** Puts the rows of a source where they belong. Nothing of it changes what `data` has of others. */
  put(source: Source, tensor: StoredTensor): void;
  /** What each output channel has too much, because a pixel of 0 is not the int8 0. */
  readonly offsets?: Float64Array;
  /** Channel by channel. */
  multiply(factors: Float32Array): void;
  divide(by: number): void;
}

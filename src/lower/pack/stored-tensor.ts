import type { TensorEntry } from "../../format/safetensors.ts";
import type { CanonicalName } from "../../network/names.ts";

/** A tensor of a checkpoint under its one name, float or int8. */
export interface StoredTensor {
  readonly name: CanonicalName;
  readonly entry: TensorEntry;
  readonly bytes: Uint8Array;
}

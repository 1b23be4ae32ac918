import { ModelFormatError } from "../../errors/errors.ts";
import { toFloat32 } from "../../format/safetensors.ts";
import type { StoredTensor } from "./stored-tensor.ts";

/** The values of a float tensor. @throws ModelFormatError for one that is not finite. */
export function finite({ name, entry, bytes }: StoredTensor): Float32Array {
  const values = toFloat32(entry, bytes);
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i]))
      throw new ModelFormatError(
        `${name}: expected finite numbers, got ${values[i]} at ${i}. The checkpoint is damaged.`,
      );
  return values;
}

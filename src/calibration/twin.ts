// Twin uniform quantization: one range for the many small values, one for the few large (Yuan et al. 2022, PTQ4ViT, section 3.2).

import type { Twin } from "../quant/quantizer.ts";
import { leastOf, squaredError, thinned } from "./uniform.ts";

/** Softmax: steps of 1 / (2^(bits - 1) - 1) from `border` = 2^-i on, finer ones below. */
export function twinSoftmax(values: Float32Array, bits: number): Twin {
  const steps = 2 ** (bits - 1) - 1;
  const borders = Array.from({ length: 20 }, (_, i) => 2 ** -i);
  return best(
    values,
    borders.map((border) => ({ kind: "twin", bits, scale: 1 / steps, fine: border / steps, border })),
  );
}

/** GELU: the negative side to its least value, the positive side to a share of the greatest. */
export function twinGelu(values: Float32Array, bits: number): Twin {
  const steps = 2 ** (bits - 1) - 1;
  const greatest = values.reduce((most, value) => Math.max(most, value), 1e-6);
  const shares = Array.from({ length: 40 }, (_, i) => 1.2 * ((i + 1) / 40));
  return best(
    values,
    shares.map((share) => ({
      kind: "twin",
      bits,
      scale: (share * greatest) / steps,
      fine: 0.16997 / steps,
      border: 0,
    })),
  );
}

function best(values: Float32Array, candidates: readonly Twin[]): Twin {
  const some = thinned(values);
  return leastOf(candidates, (twin) => squaredError(some, twin));
}

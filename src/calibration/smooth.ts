// Migration of outliers from activations to weights (Xiao et al. 2023, SmoothQuant, equation 4, strength 0.5).

import { type Linear, migrate, type Norm } from "./layers.ts";
import type { Observed } from "./observe.ts";

/** Changes `norm` and `next` in place, and the observations between them; the function that they compute together stays the same. */
export function smooth(norm: Norm, next: Linear, observed: Observed): Observed {
  const factors = Float32Array.from({ length: next.inputs }, (_, c) => {
    const activation = Math.max(Math.abs(observed.least[c]), Math.abs(observed.greatest[c]));
    let weight = 0;
    for (let n = 0; n < next.out; n++) weight = Math.max(weight, Math.abs(next.weight[n * next.inputs + c]));
    return activation > 0 && weight > 0 ? Math.sqrt(activation / weight) : 1;
  });
  migrate(norm, next, factors);
  const least = observed.least.map((value, c) => value / factors[c]);
  const greatest = observed.greatest.map((value, c) => value / factors[c]);
  const values = observed.values.map((value, i) => value / factors[i % observed.columns]);
  const ranges = [{ min: Math.min(...least), max: Math.max(...greatest) }];
  return { values, columns: observed.columns, least, greatest, ranges };
}

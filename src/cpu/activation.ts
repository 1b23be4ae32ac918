// The function between FC1 and FC2 on rows of floats.

import { ACTIVATIONS, type Activation } from "../tensor/activation.ts";

/** In place. */
export function activate(y: Float32Array, activation?: Activation): void {
  if (!activation) return;
  const { of } = ACTIVATIONS[activation];
  for (let i = 0; i < y.length; i++) y[i] = of(y[i]);
}

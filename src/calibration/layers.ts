// The parts of a float model that calibration changes: LayerNorms, and the linear layers that read quantized activations.

/** y = x W^T + bias; weight [out, in]. */
export interface Linear {
  readonly weight: Float32Array;
  /** Absent where the model has none; then nothing may be folded into it. */
  readonly bias: Float32Array | undefined;
  readonly out: number;
  readonly inputs: number;
}

export interface Norm {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** Divides the output of a LayerNorm by `factors`, channel by channel, and multiplies the next layer's columns by them. */
export function migrate(
  { weight: gamma, bias: beta }: Norm,
  { weight, inputs }: Linear,
  factors: Float32Array,
): void {
  for (let c = 0; c < inputs; c++) {
    gamma[c] /= factors[c];
    beta[c] /= factors[c];
  }
  for (let i = 0; i < weight.length; i++) weight[i] *= factors[i % inputs];
}

/** Adds `shifts` to the output of a LayerNorm, and subtracts their contribution from the next layer's bias. */
export function shiftNorm(
  { bias: beta }: Norm,
  { weight, bias, out, inputs }: Linear,
  shifts: Float32Array,
): void {
  if (!bias) return;
  for (let c = 0; c < inputs; c++) beta[c] += shifts[c];
  for (let n = 0; n < out; n++) {
    let sum = 0;
    for (let c = 0; c < inputs; c++) sum += weight[n * inputs + c] * shifts[c];
    bias[n] -= sum;
  }
}

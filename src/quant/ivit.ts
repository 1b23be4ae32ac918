// GELU and the exponential of I-ViT (Li and Gu 2023, "I-ViT: Integer-only Quantization for Efficient Vision Transformer Inference", eq. 11
// to 17: Shiftmax and ShiftGELU): the counterpart of shaders/lib/ivit.wgsl.

/** GELU of a number with 14 binary places: x sigmoid(1.702 x), 1.702 = (1.1011)_2. */
export function gelu(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude >= 0x20000) return Math.max(x, 0);
  const z = magnitude + (magnitude >> 1) + (magnitude >> 3) + (magnitude >> 4);
  const e = power((z + (z >> 1) - (z >> 4)) << 2);
  const sigmoid = ((x > 0 ? 2 ** 30 : e << 15) / (32768 + e)) | 0;
  const y = Math.floor((magnitude * sigmoid + 16384) / 32768);
  return x < 0 ? -y : y;
}

/** 2^-distance with 15 binary places, distance with 16: 2^-f = 1 - f/2 for f in [0, 1). */
export function power(distance: number): number {
  const shift = distance >>> 16;
  if (shift > 16) return 0;
  return (32768 - ((distance & 0xffff) >> 2) + ((1 << shift) >> 1)) >> shift;
}

/** The factor of softmax scores, for a power of 2: log2 e = (1.0111)_2. */
export const LOG2_E = 1.4375;

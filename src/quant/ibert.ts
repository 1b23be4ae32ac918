// GELU and the exponential of I-BERT (Kim et al. 2021, "I-BERT: Integer-only BERT Quantization", eq. 7 to 8 and 13), in 32 bits: the
// counterpart of shaders/lib/ibert.wgsl.

/** GELU of a number with 14 binary places: x/2 (1 + L(x / sqrt 2)), L(z) = sgn(z) (1 - 0.2888 (min(|z|, 1.769) - 1.769)^2). */
export function gelu(x: number): number {
  const magnitude = Math.abs(x);
  const clip = 40989;
  if (magnitude >= clip) return Math.max(x, 0);
  const below = clip - magnitude;
  const erf = 32768 - (((((below * below) >>> 16) * 9463 + 4096) / 8192) | 0);
  const y = Math.floor((magnitude * (x > 0 ? 32768 + erf : 32768 - erf)) / 65536 + 0.5);
  return x < 0 ? -y : y;
}

/** 2^-distance with 15 binary places, distance with 16: exp(p) = 0.3585 (p + 1.353)^2 + 0.344 for p in (-ln 2, 0]. */
export function power(distance: number): number {
  const shift = distance >>> 16;
  if (shift > 16) return 0;
  const u = 44335 - (((distance & 0xffff) * 22713) >>> 16);
  const exponential = ((((u * u) >>> 15) * 11747) >>> 15) + 11272;
  return (exponential + ((1 << shift) >> 1)) >> shift;
}

/** The factor of softmax scores, for a power of 2: log2 e. */
export const LOG2_E = Math.LOG2E;

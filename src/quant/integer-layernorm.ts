// LayerNorm of one row in integers only: the counterpart of shaders/layernorm_integer.wgsl.

import { bitsOf, dyadic, FRACTION, fixed, scaled, squareRoot, times } from "./dyadic.ts";

/**
 * (x - mean) / sqrt(variance + eps) gamma + beta with 14 binary places; x, gamma and beta are the bits of f32 numbers of the
 * same count. x becomes int16 by the power of two above its peak (I-BERT, Kim et al. 2021, section 3.6; I-ViT, section 3.5).
 */
export function layerNorm(x: Uint32Array, gamma: Uint32Array, beta: Uint32Array, eps: number): Int32Array {
  const width = x.length;
  const peak = x.reduce((most, bits) => Math.max(most, bits & 0x7fffffff), 0);
  const places = 141 - Math.max(peak >>> 23, 107);
  const q = Int32Array.from(x, (bits) => fixed(bits, places));
  const sum = q.reduce((a, b) => a + b, 0);
  const mean = Math.trunc((sum + (sum < 0 ? -1 : 1) * Math.floor(width / 2)) / width);
  const squares = q.reduce((total, value) => total + BigInt((value - mean) ** 2), 0n);
  const factor = factorOf(squares + wholeOf(bitsOf(eps * width), 2 * places), width);
  return q.map(
    (value, c) => scaled(value - mean, times(factor, gamma[c]), FRACTION) + fixed(beta[c], FRACTION),
  );
}

/** sqrt(width / squares), squares brought to 31 or 32 bits first. */
function factorOf(squares: bigint, width: number): number {
  const bits = squares === 0n ? 0 : squares.toString(2).length;
  const shift = Math.floor((bits + 1) / 2) - 16;
  const normalised = shift > 0 ? squares >> BigInt(2 * shift) : squares << BigInt(-2 * shift);
  const root = squareRoot(Math.max(Number(normalised), 1));
  return times(dyadic(Math.floor(0xffffffff / root), -32 - shift), bitsOf(Math.sqrt(width)));
}

/** A dyadic number 2^places as an integer, halves up. */
function wholeOf(bits: number, places: number): bigint {
  const shift = ((bits >>> 23) & 0xff) - 150 + places;
  const significand = BigInt((bits & 0x7fffff) | 0x800000);
  if (shift >= 0) return significand << BigInt(shift);
  return (significand + (1n << BigInt(-shift - 1))) >> BigInt(-shift);
}

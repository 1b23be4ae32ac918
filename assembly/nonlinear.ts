// GELU and the exponential in integers, as in I-BERT (1) or I-ViT (2): bit-identical to shaders/lib/ibert.wgsl and shaders/lib/ivit.wgsl,
// which cite the sources of the numbers.

import { magnitude } from "./dyadic";

export const IBERT: i32 = 1;

/** GELU of a number with 14 binary places. */
export function geluOf(form: i32, x: i32): i32 {
  return form === IBERT ? ibertGelu(x) : ivitGelu(x);
}

/** 2^-distance with 15 binary places, distance with 16. */
export function powerOf(form: i32, distance: u32): u32 {
  const shift = distance >> 16;
  if (shift > 16) return 0;
  const rest = distance & 0xffff;
  const power = form === IBERT ? ibertPower(rest) : 32768 - (rest >> 2);
  return (power + ((1 << shift) >> 1)) >> shift;
}

function ibertPower(rest: u32): u32 {
  const u: u32 = 44335 - ((rest * 22713) >> 16);
  return ((((u * u) >> 15) * 11747) >> 15) + 11272;
}

function ibertGelu(x: i32): i32 {
  const size = magnitude(x);
  const clip: u32 = 40989;
  if (size >= clip) return max<i32>(x, 0);
  const below = clip - size;
  const erf: u32 = 32768 - (((below * below) >> 16) * 9463 + 4096) / 8192;
  const half = size * (x > 0 ? 32768 + erf : 32768 - erf);
  const y = <i32>((half >> 16) + ((half >> 15) & 1));
  return x < 0 ? -y : y;
}

function ivitGelu(x: i32): i32 {
  const size = magnitude(x);
  if (size >= 0x20000) return max<i32>(x, 0);
  const z = size + (size >> 1) + (size >> 3) + (size >> 4);
  const e = powerOf(2, (z + (z >> 1) - (z >> 4)) << 2);
  const sigmoid = (x > 0 ? <u32>(1 << 30) : e << 15) / (32768 + e);
  const y = <i32>((size * sigmoid + 16384) >> 15);
  return x < 0 ? -y : y;
}

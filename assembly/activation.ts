// The activation functions between FC1 and FC2, as in shaders/lib/gelu.wgsl.

import { exp2, peakOf } from "./float";

/** x clamped to a range that `exp2` takes. */
function exponent(x: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, f32x4.splat(-126.0)), f32x4.splat(126.0));
}

/** x/2 (1 + erf(x / sqrt 2)); erf, clamped to 4 where it is 1, as the rational function that Eigen has: within 5e-7. */
function gelu(x: v128): v128 {
  const scaled = f32x4.mul(x, f32x4.splat(<f32>Math.SQRT1_2));
  const z = f32x4.pmin(f32x4.pmax(scaled, f32x4.splat(-4.0)), f32x4.splat(4.0));
  const s = f32x4.mul(z, z);
  let p = f32x4.splat(-2.72614225801306e-10);
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(2.77068142495902e-8));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(-2.10102402082508e-6));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(-5.69250639462346e-5));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(-7.34990630326855e-4));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(-2.95459980854025e-3));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(-1.60960333262415e-2));
  let q = f32x4.splat(-1.45660718464996e-5);
  q = f32x4.add(f32x4.mul(q, s), f32x4.splat(-2.13374055278905e-4));
  q = f32x4.add(f32x4.mul(q, s), f32x4.splat(-1.68282697438203e-3));
  q = f32x4.add(f32x4.mul(q, s), f32x4.splat(-7.37332916720468e-3));
  q = f32x4.add(f32x4.mul(q, s), f32x4.splat(-1.42647390514189e-2));
  const half = f32x4.mul(x, f32x4.splat(0.5));
  return f32x4.add(half, f32x4.mul(half, f32x4.div(f32x4.mul(z, p), q)));
}

/** x / (1 + 2^(-2 log2(e) z)), z = sqrt(2/pi) (x + 0.044715 x^3). */
function geluTanh(x: v128): v128 {
  const square = f32x4.mul(x, x);
  const slope = f32x4.sub(f32x4.splat(-2.302208198), f32x4.mul(square, f32x4.splat(0.1029432397)));
  return f32x4.div(x, f32x4.add(f32x4.splat(1.0), exp2(exponent(f32x4.mul(x, slope)))));
}

/** 1 + 2^(slope x). */
function onePlusPower(x: v128, slope: f32): v128 {
  return f32x4.add(f32x4.splat(1.0), exp2(exponent(f32x4.mul(x, f32x4.splat(slope)))));
}

/** x sigmoid(factor x), slope = -factor log2(e). */
function swish(x: v128, slope: f32): v128 {
  return f32x4.div(x, onePlusPower(x, slope));
}

/** 2 sigmoid(2 x) - 1. */
function tanh(x: v128): v128 {
  return f32x4.sub(f32x4.div(f32x4.splat(2.0), onePlusPower(x, -2.8853900818)), f32x4.splat(1.0));
}

/** `count` values in place, a multiple of 8; their greatest magnitude. Kinds as ACTIVATIONS in src/tensor/activation.ts; 0: none. */
export function activate(kind: i32, y: usize, count: i32): f32 {
  const end = y + count * 4;
  // Two vectors at a time share the constants, which engines create again in every iteration of a loop.
  if (kind === 1)
    for (let at = y; at < end; at += 32) {
      v128.store(at, gelu(v128.load(at)));
      v128.store(at, gelu(v128.load(at, 16)), 16);
    }
  if (kind === 2) for (let at = y; at < end; at += 16) v128.store(at, geluTanh(v128.load(at)));
  if (kind === 3) for (let at = y; at < end; at += 16) v128.store(at, swish(v128.load(at), -2.4554669596));
  if (kind === 4) for (let at = y; at < end; at += 16) v128.store(at, swish(v128.load(at), <f32>-Math.LOG2E));
  if (kind === 5)
    for (let at = y; at < end; at += 16) v128.store(at, f32x4.pmax(v128.load(at), f32x4.splat(0)));
  if (kind === 6) for (let at = y; at < end; at += 16) v128.store(at, tanh(v128.load(at)));
  return peakOf(y, count);
}

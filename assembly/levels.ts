// The levels of a quantizer whose parameters are settled before a run: shaders/lib/levels.wgsl.

import { activate } from "./activation";
import { exp2 } from "./float";

export const UNIFORM: i32 = 0;
const TWIN: i32 = 1;
/** Every value stays. */
export const NONE: i32 = 3;

/** round(x / scale) + zero within the levels. */
function step(x: f32, scale: f32, zero: f32, low: f32, high: f32): f32 {
  return min<f32>(high, max<f32>(low, nearest<f32>(x / scale) + zero));
}

/** The level nearest to x; `second` is a zero point, or the fine step of a twin quantizer. */
export function levelOf(
  kind: i32,
  low: f32,
  high: f32,
  border: f32,
  stride: f32,
  shift: f32,
  scale: f32,
  second: f32,
  x: f32,
): f32 {
  if (kind === NONE) return x;
  if (kind === UNIFORM) return (step(x, scale, second, low, high) - second) * scale;
  if (kind === TWIN) {
    const fine = x < border ? second : scale;
    return step(x, fine, 0, low, high) * fine;
  }
  const distance = -log2(max<f32>(x + shift, 1e-30) / scale) / stride;
  const q = max<f32>(0, nearest<f32>(distance));
  const power = f32x4.extract_lane(exp2(f32x4.splat(max<f32>(-126, -q * stride))), 0);
  return (q > high ? 0 : scale * power) - shift;
}

/**
 * log2 of a positive number, by the series of its mantissa's artanh, within 1e-8. The standard library's has tables, which
 * would lie in the memory that a model has from its first page on.
 */
function log2(x: f32): f32 {
  const bits = reinterpret<u32>(x);
  // A mantissa from sqrt 1/2 to sqrt 2.
  const exponent = <i32>(bits - 0x3f3504f3) >> 23;
  const mantissa = <f64>reinterpret<f32>(bits - ((<u32>exponent) << 23));
  const s = (mantissa - 1) / (mantissa + 1);
  const t = s * s;
  const artanh = s * (1 + t * (1.0 / 3 + t * (1.0 / 5 + t * (1.0 / 7 + t / 9))));
  return <f32>(<f64>exponent + 2 * Math.LOG2E * artanh);
}

/** Where the scale of a column is in a table; its second parameter is 16 bytes behind. */
function placeOf(column: i32): usize {
  return 32 * (column >> 2) + 4 * (column & 3);
}

/** Rows [from, to): activation(x) to uniform levels as int8, and a scale for 64 columns. `scratch`: a row. */
export function quantizeLevels(
  from: i32,
  to: i32,
  columns: i32,
  activation: i32,
  low: f32,
  high: f32,
  x: usize,
  table: usize,
  out: usize,
  outScale: usize,
  scratch: usize,
): void {
  for (let row = from; row < to; row++) {
    memory.copy(scratch, x + row * columns * 4, columns * 4);
    activate(activation, scratch, columns);
    for (let c = 0; c < columns; c++) {
      const at = table + placeOf(c);
      const q = step(load<f32>(scratch + c * 4), load<f32>(at), load<f32>(at, 16), low, high);
      store<i8>(out + row * columns + c, <i8>q);
    }
    for (let c = 0; c < columns; c += 64)
      store<f32>(outScale + (row * (columns / 64) + c / 64) * 4, load<f32>(table + placeOf(c)));
  }
}

/** Rows [from, to): activation(x) to the values that a quantizer has. `scratch`: a row. */
export function roundToLevels(
  from: i32,
  to: i32,
  columns: i32,
  activation: i32,
  kind: i32,
  low: f32,
  high: f32,
  border: f32,
  stride: f32,
  shift: f32,
  x: usize,
  table: usize,
  out: usize,
  scratch: usize,
): void {
  for (let row = from; row < to; row++) {
    memory.copy(scratch, x + row * columns * 4, columns * 4);
    activate(activation, scratch, columns);
    for (let c = 0; c < columns; c++) {
      const at = table + placeOf(c);
      const y = load<f32>(scratch + c * 4);
      const level = levelOf(kind, low, high, border, stride, shift, load<f32>(at), load<f32>(at, 16), y);
      store<f32>(out + (row * columns + c) * 4, level);
    }
  }
}

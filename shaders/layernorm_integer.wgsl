// LayerNorm in integers alone (I-BERT, Kim et al. 2021, section 3.6, and I-ViT, Li and Gu 2023, section 3.5): one workgroup per row.
// x becomes int16 by the power of two above the row's peak; the root is Newton's, from a power of two above it, of a sum of
// squares that is kept in two words, because 32 bits are too few for it, and normalised, so that its root has 16 bits.
import package::lib::dyadic::{FRACTION, product, significand, exponent, shift_wide, scaled, fixed, dyadic, float_bits, times, square_root, int8_step, int8_scale};
import package::lib::pack::pack_i8;

override WIDTH: u32;      // multiple of 4
override ROOT: u32;       // sqrt(WIDTH), bits of an f32
override EPS: u32;        // eps WIDTH, bits of an f32

@group(0) @binding(0) var<storage, read> x: array<u32>;               // [rows, stride], bits of an f32, as gamma and beta
@group(0) @binding(1) var<storage, read> gamma: array<u32>;           // [stride], zero from WIDTH on
@group(0) @binding(2) var<storage, read> beta: array<u32>;            // [stride], zero from WIDTH on
@group(0) @binding(3) var<storage, read_write> out: array<u32>;       // [rows, stride] int8, or bits of an f32
@if(quantize) @group(0) @binding(4) var<storage, read_write> out_scale: array<u32>;   // [rows]

const THREADS: u32 = 64u;
var<workgroup> peak: atomic<u32>;
var<workgroup> sum: atomic<i32>;
var<workgroup> squares_low: atomic<u32>;      // of the squares' low and high 16 bits
var<workgroup> squares_high: atomic<u32>;
@if(quantize) var<workgroup> out_peak: atomic<u32>;

// A row: its first value, and what is known of it so far.
struct Row { first: u32, places: i32, mean: i32, factor: u32 }

fn difference(row: Row, column: u32) -> i32 {
  return select(0, fixed(x[row.first + column], row.places) - row.mean, column < WIDTH);
}

// sqrt(WIDTH) / sqrt(squares + eps WIDTH), as a dyadic number, of squares with 2 places.
fn factor_of(low: u32, high: u32, places: i32) -> u32 {
  let eps = shift_wide(vec2<u32>(significand(EPS), 0u), exponent(EPS) + 2 * places);
  let upper = high + (low >> 16u);
  let lower = (upper << 16u) | (low & 0xffffu);
  let wide = vec2<u32>(lower + eps.x, (upper >> 16u) + eps.y + select(0u, 1u, lower + eps.x < lower));
  let bits = 64 - i32(select(countLeadingZeros(wide.x) + 32u, countLeadingZeros(wide.y), wide.y != 0u));
  let shift = (bits + 1) / 2 - 16;               // of the root: half of an even shift that leaves 31 or 32 bits
  let root = square_root(max(cut(wide, 2 * shift), 1u));
  return times(dyadic(0xffffffffu / root, -32 - shift), ROOT);
}

// The low word of value / 2^shift, cut.
fn cut(value: vec2<u32>, shift: i32) -> u32 {
  if (shift <= 0) { return value.x << u32(-shift); }
  return select((value.x >> u32(shift & 31)) | (value.y << u32((32 - shift) & 31)), value.y, shift == 32);
}

fn normalised(row: Row, column: u32) -> i32 {
  return scaled(difference(row, column), times(row.factor, gamma[column]), FRACTION) + fixed(beta[column], FRACTION);
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let length = arrayLength(&gamma);
  var row = Row(group.x * length, 0, 0, 0u);
  for (var c = thread; c < WIDTH; c += THREADS) { atomicMax(&peak, x[row.first + c] & 0x7fffffffu); }
  workgroupBarrier();
  // Rows below 2^-20 are taken as of that peak, so that eps fits two words.
  row.places = -9 - max(exponent(atomicLoad(&peak)), -43);
  for (var c = thread; c < WIDTH; c += THREADS) { atomicAdd(&sum, fixed(x[row.first + c], row.places)); }
  workgroupBarrier();
  let total = atomicLoad(&sum);
  row.mean = (total + select(1, -1, total < 0) * i32(WIDTH / 2u)) / i32(WIDTH);
  for (var c = thread; c < WIDTH; c += THREADS) {
    let magnitude = u32(abs(difference(row, c)));
    let square = magnitude * magnitude;
    atomicAdd(&squares_low, square & 0xffffu);
    atomicAdd(&squares_high, square >> 16u);
  }
  workgroupBarrier();
  row.factor = factor_of(atomicLoad(&squares_low), atomicLoad(&squares_high), row.places);
  @if(quantize) {
    for (var c = thread; c < length; c += THREADS) { atomicMax(&out_peak, u32(abs(normalised(row, c)))); }
    workgroupBarrier();
    let most = atomicLoad(&out_peak);
    for (var c = thread * 4u; c < length; c += 4u * THREADS) {
      var steps = vec4<i32>();
      for (var i = 0u; i < min(length, 4u); i++) { steps[i] = int8_step(normalised(row, c + i), most); }
      out[(row.first + c) / 4u] = pack_i8(steps);
    }
    if (thread == 0u) { out_scale[group.x] = int8_scale(most, FRACTION); }
  }
  @if(!quantize) {
    for (var c = thread; c < length; c += THREADS) { out[row.first + c] = float_bits(normalised(row, c), FRACTION); }
  }
}

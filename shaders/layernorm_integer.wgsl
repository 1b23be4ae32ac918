// LayerNorm in integers alone (I-BERT, Kim et al. 2021, section 3.6, and I-ViT, Li and Gu 2023, section 3.5): one workgroup per row.
// x becomes int16 by the power of two above the row's peak; the root is Newton's, from a power of two above it, of a sum of
// squares that is kept in two words, because 32 bits are too few for it, and normalized, so that its root has 16 bits.
import package::lib::dyadic::{FRACTION, product, significand, exponent, shift_wide, scaled, fixed, dyadic, float_bits, times, square_root, int8_step, int8_scale};
import package::lib::pack::pack_i8;

override WIDTH: u32;      // multiple of 4
override ROOT: u32;       // sqrt(WIDTH), bits of an f32
override EPS: u32;        // eps WIDTH, bits of an f32
override KEPT: u32;       // columns of a row in workgroup memory: all of them, or as many as fit

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
// A row, of which each thread rereads only its own values: differences from the mean, then the results of gamma and beta.
var<workgroup> kept: array<i32, KEPT>;

// A row: its first value, and its statistics so far.
struct Row { first: u32, places: i32, mean: i32, factor: u32 }

fn fixed_x(row: Row, column: u32) -> i32 { return fixed(x[row.first + column], row.places); }

// Computed again for columns beyond KEPT. From WIDTH on, it is multiplied by the zeros of gamma.
fn difference(row: Row, column: u32) -> i32 {
  if (column < KEPT) { return kept[column]; }
  return fixed_x(row, column) - row.mean;
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
  var own_peak = 0u;
  for (var c = thread; c < WIDTH; c += THREADS) { own_peak = max(own_peak, x[row.first + c] & 0x7fffffffu); }
  atomicMax(&peak, own_peak);
  workgroupBarrier();
  // Rows below 2^-20 are taken as of that peak, so that eps fits two words.
  row.places = -9 - max(exponent(atomicLoad(&peak)), -43);
  var own_sum = 0;
  for (var c = thread; c < WIDTH; c += THREADS) {
    let value = fixed_x(row, c);
    if (c < KEPT) { kept[c] = value; }
    own_sum += value;
  }
  atomicAdd(&sum, own_sum);
  workgroupBarrier();
  let total = atomicLoad(&sum);
  row.mean = (total + select(1, -1, total < 0) * i32(WIDTH / 2u)) / i32(WIDTH);
  var own_squares = vec2<u32>();
  for (var c = thread; c < WIDTH; c += THREADS) {
    if (c < KEPT) { kept[c] -= row.mean; }
    let magnitude = u32(abs(difference(row, c)));
    let square = magnitude * magnitude;
    own_squares += vec2<u32>(square & 0xffffu, square >> 16u);
  }
  atomicAdd(&squares_low, own_squares.x);
  atomicAdd(&squares_high, own_squares.y);
  workgroupBarrier();
  row.factor = factor_of(atomicLoad(&squares_low), atomicLoad(&squares_high), row.places);
  @if(quantize) {
    var own_out_peak = 0u;
    for (var c = thread; c < length; c += THREADS) {
      let y = normalised(row, c);
      if (c < KEPT) { kept[c] = y; }
      own_out_peak = max(own_out_peak, u32(abs(y)));
    }
    atomicMax(&out_peak, own_out_peak);
    workgroupBarrier();
    let most = atomicLoad(&out_peak);
    for (var c = thread * 4u; c < length; c += 4u * THREADS) {
      var steps = vec4<i32>();
      for (var left = min(length, 4u); left > 0u; left--) { let i = (min(length, 4u)) - left; steps[i] = int8_step(kept_y(row, c + i), most); }
      out[(row.first + c) / 4u] = pack_i8(steps);
    }
    if (thread == 0u) { out_scale[group.x] = int8_scale(most, FRACTION); }
  }
  @if(!quantize) {
    for (var c = thread; c < length; c += THREADS) { out[row.first + c] = float_bits(normalised(row, c), FRACTION); }
  }
}

@if(quantize) fn kept_y(row: Row, column: u32) -> i32 {
  if (column < KEPT) { return kept[column]; }
  return normalised(row, column);
}

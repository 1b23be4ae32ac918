// The input of attention for each head: out = rotated(normalized(x)), in f32 or in int8 with a scale per row and 64 channels. Normalized
// over the channels of the head, by LayerNorm or RMSNorm; rotated by rotary positions (Su et al. 2021, "RoFormer"), pair by pair of
// channels: (a, b) becomes (a cos - b sin, b cos + a sin). A thread for each head of a row, and no barrier.
@if(quantize) import package::lib::pack::{quantize_i8, inverse_scale};

// `sets`: Q, K and V side by side are three of `heads` each. Of the bits of `normed` and `rotated` the first is the first set's.
struct Params {
  threads: u32, rows: u32, heads: u32, sets: u32, stride4: u32, width: u32,
  normed: u32, rotated: u32, centered: u32, interleaved: u32, eps: f32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;              // [images, rows, sets, heads, stride]
@group(0) @binding(1) var<storage, read> gamma: array<vec4<f32>>;          // [sets, stride]
@group(0) @binding(2) var<storage, read> beta: array<vec4<f32>>;           // [sets, stride]
@group(0) @binding(3) var<storage, read> cosine: array<vec4<f32>>;         // [rows, stride]
@group(0) @binding(4) var<storage, read> sine: array<vec4<f32>>;           // [rows, stride]
@if(quantize) @group(0) @binding(5) var<storage, read_write> out: array<u32>;            // as x, int8
@if(quantize) @group(0) @binding(6) var<storage, read_write> out_scale: array<f32>;      // [images, rows, sets, heads, stride / 64]
@if(quantize) @group(0) @binding(7) var<uniform> params: Params;
@if(!quantize) @group(0) @binding(5) var<storage, read_write> out: array<vec4<f32>>;     // as x
@if(!quantize) @group(0) @binding(6) var<uniform> params: Params;

// A head of a row: where its channels begin, and its norm and rotation.
struct Head { first: u32, table: u32, angles: u32, mean: f32, inverse: f32, normed: bool, rotated: bool }

fn sum_of(first: u32) -> f32 {
  var sum = 0.0;
  for (var left = params.width / 4u; left > 0u; left--) { let c = (params.width / 4u) - left; sum += dot(x[first + c], vec4<f32>(1.0)); }
  return sum;
}

fn spread_of(first: u32, mean: f32) -> f32 {
  var squares = 0.0;
  for (var left = params.width / 4u; left > 0u; left--) {
    let c = (params.width / 4u) - left;
    let difference = x[first + c] - mean;
    squares += dot(difference, difference);
  }
  return squares / f32(params.width);
}

fn normalized(head: Head, c: u32) -> vec4<f32> {
  let value = x[head.first + c];
  if (!head.normed) { return value; }
  return (value - head.mean) * head.inverse * gamma[head.table + c] + beta[head.table + c];
}

// The other channel of each pair, negated for the second one.
fn partner(head: Head, c: u32) -> vec4<f32> {
  let half4 = params.width / 8u;
  let is_first = c < half4;
  let other = select(select(c - half4, c + half4, is_first), c, params.interleaved == 1u);
  let y = normalized(head, other);
  return select(select(y, -y, is_first), vec4<f32>(-y.y, y.x, -y.w, y.z), params.interleaved == 1u);
}

fn prepared(head: Head, c: u32) -> vec4<f32> {
  let y = normalized(head, c);
  if (!head.rotated) { return y; }
  return y * cosine[head.angles + c] + partner(head, c) * sine[head.angles + c];
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>) {
  let i = id.y * count.x * 64u + id.x;
  if (i >= params.threads) { return; }
  let part = i % (params.sets * params.heads);
  let which = part / params.heads;
  let row = i / (params.sets * params.heads) % params.rows;
  var head = Head(i * params.stride4, which * params.stride4, row * params.stride4, 0.0, 1.0, false, false);
  head.normed = ((params.normed >> which) & 1u) == 1u;
  head.rotated = ((params.rotated >> which) & 1u) == 1u;
  if (head.normed) {
    if (params.centered == 1u) { head.mean = sum_of(head.first) / f32(params.width); }
    head.inverse = inverseSqrt(spread_of(head.first, head.mean) + params.eps);
  }
  @if(!quantize) {
    for (var left = params.stride4; left > 0u; left--) { let c = params.stride4 - left; out[head.first + c] = prepared(head, c); }
  }
  // Each value is computed twice: an array of them, indexed at run time, is memory on a GPU, not registers.
  @if(quantize) {
    for (var left = params.stride4 / 16u; left > 0u; left--) {
      let group = (params.stride4 / 16u) - left;
      let first = 16u * group;
      let end = min(first + 16u, params.stride4);    // known at run time only, so that no compiler unrolls the loops
      var peak = 0.0;
      for (var c = first; c < end; c++) {
        let magnitude = abs(prepared(head, c));
        peak = max(peak, max(max(magnitude.x, magnitude.y), max(magnitude.z, magnitude.w)));
      }
      let inverse = inverse_scale(peak);
      for (var c = first; c < end; c++) { out[head.first + c] = quantize_i8(prepared(head, c), inverse); }
      out_scale[(head.first + first) >> 4u] = peak / 127.0;
    }
  }
}

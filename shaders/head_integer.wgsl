// logits[image, class] = bias + sum over the readout tokens of (x . w) w_scale in integers alone, one class per thread. x, scales,
// bias and logits are the bits of f32 numbers; x, below 256, has PLACES binary places, so that 16 products fit an i32.
import package::lib::dyadic::{FRACTION, scaled, fixed, float_bits};
import package::lib::pack::unpack_i8;

override STRIDE: u32;         // width of a token, padded to 64
override TOKENS: u32;         // readout tokens per image: 1 or 2
override CLASSES: u32;        // padded to 64

@group(0) @binding(0) var<storage, read> x: array<u32>;                   // [images, TOKENS, STRIDE]
@group(0) @binding(1) var<storage, read> w: array<vec4<u32>>;             // [TOKENS, STRIDE/16, CLASSES] int8
@group(0) @binding(2) var<storage, read> w_scale: array<u32>;             // [TOKENS, CLASSES]
@group(0) @binding(3) var<storage, read> bias: array<u32>;                // [CLASSES]
@group(0) @binding(4) var<storage, read_write> out: array<u32>;           // [images, CLASSES]

const PLACES: i32 = 12;

// n, as a loop bound that only run time knows: drivers unroll constant ones whole, at seconds of compile time.
fn run_time(n: u32) -> u32 { return n * min(arrayLength(&w), 1u); }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
  let class_index = thread.x;
  let image = thread.y;
  var logit = fixed(bias[class_index], FRACTION);
  for (var token = 0u; token < TOKENS; token++) {
    let scale = w_scale[token * CLASSES + class_index];
    for (var k = 0u; k < STRIDE / 16u; k++) {
      let words = w[(token * (STRIDE / 16u) + k) * CLASSES + class_index];
      let at = (image * TOKENS + token) * STRIDE + k * 16u;
      var sum = 0;
      for (var left = run_time(16u); left > 0u; left--) { let i = 16u - left; sum += fixed(x[at + i], PLACES) * unpack_i8(words[i / 4u])[i % 4u]; }
      logit += scaled(sum, scale, FRACTION - PLACES);
    }
  }
  out[image * CLASSES + class_index] = float_bits(logit, FRACTION);
}

// logits[image, class] = bias + sum over the readout tokens of (x . w) w_scale: a GEMV with f32 activations and int8
// weights, one class per thread. A distilled DeiT reads two tokens with a head each, already halved.
import package::lib::pack::unpack_i8;

override STRIDE: u32;         // width of a token, padded to 64
override TOKENS: u32;         // readout tokens per image: 1 or 2
override CLASSES: u32;        // padded to 64

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;             // [images, TOKENS, STRIDE]
@group(0) @binding(1) var<storage, read> w: array<vec4<u32>>;             // [TOKENS, STRIDE/16, CLASSES] int8
@group(0) @binding(2) var<storage, read> w_scale: array<f32>;             // [TOKENS, CLASSES]
@group(0) @binding(3) var<storage, read> bias: array<f32>;                // [CLASSES]
@group(0) @binding(4) var<storage, read_write> out: array<f32>;           // [images, CLASSES]

fn dot16(at: u32, words: vec4<u32>) -> f32 {
  return dot(x[at], vec4<f32>(unpack_i8(words.x))) + dot(x[at + 1u], vec4<f32>(unpack_i8(words.y)))
    + dot(x[at + 2u], vec4<f32>(unpack_i8(words.z))) + dot(x[at + 3u], vec4<f32>(unpack_i8(words.w)));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
  let class_index = thread.x;
  let image = thread.y;
  var logit = bias[class_index];
  for (var token = 0u; token < TOKENS; token++) {
    var sum = 0.0;
    for (var k = 0u; k < STRIDE / 16u; k++) {
      let words = w[(token * (STRIDE / 16u) + k) * CLASSES + class_index];
      sum += dot16((image * TOKENS + token) * (STRIDE / 4u) + k * 4u, words);
    }
    logit += sum * w_scale[token * CLASSES + class_index];
  }
  out[image * CLASSES + class_index] = logit;
}

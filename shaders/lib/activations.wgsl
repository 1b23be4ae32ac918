// Every activation by its number, for passes that do nothing else: those of GEMM epilogues, and some more.
import package::lib::gelu::activate;

// x * sigmoid(x).
fn silu(x: vec4<f32>) -> vec4<f32> {
  return x / (1.0 + exp(clamp(-x, vec4<f32>(-80.0), vec4<f32>(80.0))));
}

// 0 to 3 as lib/gelu.wgsl has them, 4 SiLU, 5 ReLU, 6 tanh.
fn activate_by(kind: u32, x: vec4<f32>) -> vec4<f32> {
  if (kind == 4u) { return silu(x); }
  if (kind == 5u) { return max(x, vec4<f32>(0.0)); }
  if (kind == 6u) { return tanh(clamp(x, vec4<f32>(-20.0), vec4<f32>(20.0))); }
  return activate(kind, x);
}

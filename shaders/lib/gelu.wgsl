// GELU(x) = x/2 (1 + erf(x / sqrt 2)), erf by Abramowitz and Stegun 7.1.26: |error of erf| <= 1.5e-7.

fn erf(x: vec4<f32>) -> vec4<f32> {
  let z = min(abs(x), vec4<f32>(6.0));
  let t = 1.0 / (1.0 + 0.3275911 * z);
  let p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return sign(x) * (1.0 - p * exp(-z * z));
}

fn gelu(x: vec4<f32>) -> vec4<f32> {
  return 0.5 * x * (1.0 + erf(x * 0.70710678118654752));
}

// The tanh form, x/2 (1 + tanh z) with z = sqrt(2/pi) (x + 0.044715 x^3), as x / (1 + 2^(-2 log2(e) z)): one exp2, and
// no digit lost where tanh is near -1. The exponent is clamped, the result is x or nearly 0 there.
fn gelu_tanh(x: vec4<f32>) -> vec4<f32> {
  let exponent = x * (-2.302208198 - 0.1029432397 * x * x);
  return x / (1.0 + exp2(clamp(exponent, vec4<f32>(-100.0), vec4<f32>(100.0))));
}

// x * sigmoid(1.702 x), as CLIP has it.
fn quick_gelu(x: vec4<f32>) -> vec4<f32> {
  return x / (1.0 + exp(clamp(-1.702 * x, vec4<f32>(-80.0), vec4<f32>(80.0))));
}

// Which of them, by an override constant: 0 none, 1 exact, 2 tanh, 3 quick.
fn activate(kind: u32, x: vec4<f32>) -> vec4<f32> {
  if (kind == 2u) { return gelu_tanh(x); }
  if (kind == 3u) { return quick_gelu(x); }
  if (kind == 1u) { return gelu(x); }
  return x;
}

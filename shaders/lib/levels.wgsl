// Quantizers whose parameters are set before a run: the value of the level that is nearest to x. `scale` and `second` are those of a
// column: `second` is the zero point of a uniform quantizer, or the fine step of a twin quantizer.

struct Levels {
  kind: u32,        // 0 uniform, 1 twin, 2 logarithmic, 3 none
  low: f32,         // levels
  high: f32,
  border: f32,      // twin: where the fine steps end
  step: f32,        // logarithmic: exponent of 2 from level to level
  shift: f32,       // logarithmic: added before, taken away after
}

fn uniform_level(levels: Levels, x: vec4<f32>, scale: vec4<f32>, zero: vec4<f32>) -> vec4<f32> {
  return clamp(round(x / scale) + zero, vec4<f32>(levels.low), vec4<f32>(levels.high));
}

fn nearest(levels: Levels, x: vec4<f32>, scale: vec4<f32>, second: vec4<f32>) -> vec4<f32> {
  if (levels.kind == 2u) {
    let q = max(round(-log2(max(x + levels.shift, vec4<f32>(1e-30)) / scale) / levels.step), vec4<f32>(0.0));
    return select(scale * exp2(-q * levels.step), vec4<f32>(0.0), q > vec4<f32>(levels.high)) - levels.shift;
  }
  if (levels.kind == 1u) {
    let steps = select(scale, second, x < vec4<f32>(levels.border));
    return clamp(round(x / steps), vec4<f32>(levels.low), vec4<f32>(levels.high)) * steps;
  }
  if (levels.kind == 0u) { return (uniform_level(levels, x, scale, second) - second) * scale; }
  return x;
}

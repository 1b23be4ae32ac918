// Four values of the residual stream as stored in memory: f32, or with `half` f16, which the importing shader enables.

@if(half) alias Stream = vec4<f16>;
@if(!half) alias Stream = vec4<f32>;

// f16 ends at 65504: larger values are clamped, because infinity would be NaN in the next LayerNorm.
@if(half) fn to_stream(value: vec4<f32>) -> Stream { return Stream(clamp(value, vec4<f32>(-65504.0), vec4<f32>(65504.0))); }
@if(!half) fn to_stream(value: vec4<f32>) -> Stream { return value; }

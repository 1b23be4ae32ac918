// A row in int8 except for its outlier, as LLM.int8() (Dettmers et al. 2022, section 3) separates whole columns: if the largest magnitude
// is more than twice the second-largest, the second sets the scale, so that the other values keep their precision. The outlier's excess
// over 127 steps is an integer; a product with the row adds excess times weight. Such a row has three numbers: scale, excess in steps,
// channel of the excess; 0 and 0 in most rows.

// The two greatest magnitudes of each lane.
struct Greatest { first: vec4<f32>, second: vec4<f32> }

fn raised(greatest: Greatest, y: vec4<f32>) -> Greatest {
  let magnitude = abs(y);
  return Greatest(max(greatest.first, magnitude), max(greatest.second, min(greatest.first, magnitude)));
}

// First and second of two pairs.
fn merged(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
  return vec2<f32>(max(a.x, b.x), max(min(a.x, b.x), max(a.y, b.y)));
}

fn of_lanes(greatest: Greatest) -> vec2<f32> {
  let first = greatest.first;
  let second = greatest.second;
  return merged(
    merged(vec2<f32>(first.x, second.x), vec2<f32>(first.y, second.y)),
    merged(vec2<f32>(first.z, second.z), vec2<f32>(first.w, second.w)));
}

// The magnitude of 127 steps. An outlier is at most 128 times that: an excess below 2^14 times a weight is exact.
fn limit_of(greatest: vec2<f32>) -> f32 {
  return select(greatest.x, max(greatest.y, greatest.x / 128.0), greatest.x > 2.0 * greatest.y);
}

// Excess and channel, if they are among these four columns, otherwise the previous values.
fn outlier_of(before: vec2<f32>, y: vec4<f32>, inverse: f32, column4: u32) -> vec2<f32> {
  let steps = round(y * inverse);
  let excess = steps - clamp(steps, vec4<f32>(-127.0), vec4<f32>(127.0));
  if (all(excess == vec4<f32>(0.0))) { return before; }
  let lane = dot(abs(sign(excess)), vec4<f32>(0.0, 1.0, 2.0, 3.0));
  return vec2<f32>(dot(excess, vec4<f32>(1.0)), f32(4u * column4) + lane);
}

// Of the threads that share a row, one writes excess and channel: the one that found them or, without an outlier, the first.
fn tells(outlier: vec2<f32>, is_first: bool, greatest: vec2<f32>, inverse: f32) -> bool {
  return outlier.x != 0.0 || (is_first && greatest.x * inverse < 128.0);
}

// GELU and the exponential of I-BERT (Kim et al. 2021, "I-BERT: Integer-only BERT Quantization", eq. 7 to 8 and 13), in 32 bits: x is
// converted to base 2 first, so that no value exceeds that range. src/quant/ibert.ts is its counterpart.

// GELU(x) = x/2 (1 + L(x / sqrt 2)), L(z) = sgn(z) (1 - 0.2888 (min(|z|, 1.769) - 1.769)^2); x with 14 binary places.
fn gelu_integer(x: i32) -> i32 {
  let magnitude = u32(abs(x));
  let clip = 40989u;                                          // 1.769 sqrt 2
  if (magnitude >= clip) { return max(x, 0); }
  let below = clip - magnitude;
  let erf = 32768u - (((below * below) >> 16u) * 9463u + 4096u) / 8192u;      // 0.2888 / 2 with 16 places; erf with 15
  let half = magnitude * select(32768u - erf, 32768u + erf, x > 0);
  let y = i32((half >> 16u) + ((half >> 15u) & 1u));
  return select(y, -y, x < 0);
}

// 2^-distance with 15 binary places, distance with 16: exp(p) = 0.3585 (p + 1.353)^2 + 0.344 for p in (-ln 2, 0].
fn power_integer(distance: u32) -> u32 {
  let shift = distance >> 16u;
  if (shift > 16u) { return 0u; }
  let u = 44335u - (((distance & 0xffffu) * 22713u) >> 16u);      // p + 1.353
  let exponential = ((((u * u) >> 15u) * 11747u) >> 15u) + 11272u;
  return (exponential + ((1u << shift) >> 1u)) >> shift;
}

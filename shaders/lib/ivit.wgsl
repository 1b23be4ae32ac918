// GELU and the exponential of I-ViT (Li and Gu 2023, "I-ViT: Integer-only Quantization for Efficient Vision Transformer Inference", eq. 11
// to 17: Shiftmax and ShiftGELU), by shifts and one division. The published ShiftGELU subtracts the row's maximum from both exponentials,
// which is wrong if that is large; here, the larger of the two is subtracted. src/quant/ivit.ts is its counterpart.

// GELU(x) = x sigmoid(1.702 x), 1.702 = (1.1011)_2 = 1.6875; x with 14 binary places.
fn gelu_integer(x: i32) -> i32 {
  let magnitude = u32(abs(x));
  if (magnitude >= 0x20000u) { return max(x, 0); }               // 8: the sigmoid is 0 or 1
  let z = magnitude + (magnitude >> 1u) + (magnitude >> 3u) + (magnitude >> 4u);
  let e = power_integer((z + (z >> 1u) - (z >> 4u)) << 2u);       // log2 e = (1.0111)_2 = 1.4375
  let sigmoid = select(e << 15u, 1u << 30u, x > 0) / (32768u + e);
  let y = i32((magnitude * sigmoid + 16384u) >> 15u);
  return select(y, -y, x < 0);
}

// 2^-distance with 15 binary places, distance with 16: 2^-f = 1 - f/2 for f in [0, 1).
fn power_integer(distance: u32) -> u32 {
  let shift = distance >> 16u;
  if (shift > 16u) { return 0u; }
  return (32768u - ((distance & 0xffffu) >> 2u) + ((1u << shift) >> 1u)) >> shift;
}

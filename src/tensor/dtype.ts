/** Element types of stored tensors (named as safetensors names them), their sizes, and decoding to f32. */
import { UnsupportedModelError } from "../errors/errors.ts";

const BITS = {
  ...{ F64: 64, F32: 32, F16: 16, BF16: 16, C64: 64 },
  ...{ F8_E4M3: 8, F8_E5M2: 8, F8_E8M0: 8, F8_E4M3FNUZ: 8, F8_E5M2FNUZ: 8, F6_E2M3: 6, F6_E3M2: 6, F4: 4 },
  ...{ I64: 64, I32: 32, I16: 16, I8: 8, U64: 64, U32: 32, U16: 16, U8: 8, BOOL: 8 },
};

export type Dtype = keyof typeof BITS;

/** Bytes of one element, a fraction below 8 bits; undefined when `dtype` is not the name of a type. */
export function bytesPerElement(dtype: string): number | undefined {
  return Object.hasOwn(BITS, dtype) ? BITS[dtype as Dtype] / 8 : undefined;
}

/**
 * Elements of a tensor of this shape; 1 for a scalar. Beyond 2^53 the product is rounded, but never back below
 * 2^53, so comparing it with a byte length is safe.
 */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * The elements of a float tensor as f32, little-endian; F32 that lies aligned is returned without a copy.
 * F16 and BF16 are exact, F64 rounds to nearest even. Throws UnsupportedModelError for integer types.
 */
export function toFloat32(tensor: { name?: string; dtype: Dtype }, bytes: Uint8Array): Float32Array {
  const size = bytesPerElement(tensor.dtype) ?? 1;
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = aligned;
  const count = Math.floor(aligned.byteLength / size);
  switch (tensor.dtype) {
    case "F32":
      return new Float32Array(buffer, byteOffset, count);
    case "F64":
      return Float32Array.from(new Float64Array(buffer, byteOffset, count));
    case "F16":
      return fromHalf(new Uint16Array(buffer, byteOffset, count));
    case "BF16":
      return fromBrainFloat(new Uint16Array(buffer, byteOffset, count));
    default:
      throw new UnsupportedModelError(
        `tensor ${tensor.name ?? ""}: expected F32, F16, BF16 or F64, got ${tensor.dtype}.`,
      );
  }
}

/**
 * A half's exponent and mantissa, moved to where f32 keeps them, read as a value 2^112 too small: one
 * multiplication puts normals and subnormals right. Infinity and NaN need the f32 exponent instead.
 */
function fromHalf(halves: Uint16Array): Float32Array {
  const values = new Float32Array(halves.length);
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i];
    bits[i] = (half & 0x7fff) << 13;
    if ((half & 0x7c00) === 0x7c00) bits[i] |= 0x7f800000;
    else values[i] *= 2 ** 112;
    bits[i] |= (half & 0x8000) << 16;
  }
  return values;
}

function fromBrainFloat(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i] << 16;
  return new Float32Array(bits.buffer);
}

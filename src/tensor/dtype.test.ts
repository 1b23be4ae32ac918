import { expect, test } from "vitest";
import { UnsupportedModelError } from "../errors/errors.ts";
import { bytesPerElement, elementCount, toFloat32 } from "./dtype.ts";

const EVERY_16_BITS = Uint16Array.from({ length: 65536 }, (_, i) => i);
const asBytes = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** IEEE 754 by its definition: sign, exponent with a bias, mantissa. */
function decode(bits: number, exponentBits: number, mantissaBits: number): number {
  const sign = bits >> 15 ? -1 : 1;
  const bias = 2 ** (exponentBits - 1) - 1;
  const exponent = (bits >> mantissaBits) & (2 ** exponentBits - 1);
  const fraction = (bits & (2 ** mantissaBits - 1)) / 2 ** mantissaBits;
  if (exponent === 2 ** exponentBits - 1) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias);
  return sign * (1 + fraction) * 2 ** (exponent - bias);
}

test.each([
  ["F16", 5, 10],
  ["BF16", 8, 7],
] as const)(
  "every value of %s, subnormal, infinite and NaN too, is exact",
  (dtype, exponentBits, mantissaBits) => {
    const values = toFloat32({ dtype }, asBytes(EVERY_16_BITS));
    const wrong = EVERY_16_BITS.filter(
      (bits) => !Object.is(values[bits], decode(bits, exponentBits, mantissaBits)),
    );
    expect([...wrong]).toEqual([]);
  },
);

test("F32 that lies aligned is not copied, and unaligned bytes give the same values", () => {
  const source = Float32Array.of(1.5, -0, Number.POSITIVE_INFINITY, 1e-45);
  expect(toFloat32({ dtype: "F32" }, asBytes(source)).buffer).toBe(source.buffer);
  const shifted = new Uint8Array(17);
  shifted.set(asBytes(source), 1);
  expect(toFloat32({ dtype: "F32" }, shifted.subarray(1))).toEqual(source);
});

test("F64 rounds to the nearest f32", () => {
  const source = Float64Array.of(0.1, 1e300, -3);
  expect([...toFloat32({ dtype: "F64" }, asBytes(source))]).toEqual([
    Math.fround(0.1),
    Number.POSITIVE_INFINITY,
    -3,
  ]);
});

test("integers are refused with the tensor's name", () => {
  expect(() => toFloat32({ name: "w", dtype: "I8" }, new Uint8Array(4))).toThrow(UnsupportedModelError);
  expect(() => toFloat32({ name: "w", dtype: "I8" }, new Uint8Array(4))).toThrow("tensor w: expected F32");
});

test("sizes of element types", () => {
  const names = [
    "F64",
    "F32",
    "F16",
    "BF16",
    "F8_E4M3",
    "I64",
    "U16",
    "I8",
    "BOOL",
    "F8",
    "BF32",
    "I4",
    "toString",
    "",
  ];
  expect(names.map(bytesPerElement)).toEqual([8, 4, 2, 2, 1, 8, 2, 1, 1, ...new Array(5).fill(undefined)]);
});

test("elements of a shape: scalars count one, products beyond 2^53 stay beyond it", () => {
  expect([elementCount([]), elementCount([2, 3, 5]), elementCount([7, 0])]).toEqual([1, 30, 0]);
  expect(elementCount([2 ** 40, 2 ** 40, 1])).toBeGreaterThan(2 ** 53);
});

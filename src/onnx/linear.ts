// A linear layer in each number format that model hubs offer: plain floats, dynamic int8, int4 in blocks.

import { toHalf } from "../quant/half.ts";
import { quantizeRows } from "../quant/quantize.ts";
import { type OnnxGraph, type OnnxType, TYPES, type Value } from "./graph.ts";

/** `q8`: int8 weights, activations made uint8 at run time. `q4`: int4 weights, float activations. */
export const FORMATS = ["fp32", "fp16", "q8", "q4"] as const;
export type OnnxFormat = (typeof FORMATS)[number];

/** Columns that share one int4 scale. */
const BLOCK = 32;

export interface Layer {
  readonly name: string;
  /** [out, in], row by row. */
  readonly weight: Float32Array;
  readonly bias?: Float32Array;
  readonly out: number;
}

/** The type of activations, and of constants that are not quantized. */
export function floatType(format: OnnxFormat): OnnxType & ("float16" | "float32") {
  return format === "fp16" ? "float16" : "float32";
}

/** Floats as the format stores them. */
export function floats(
  graph: OnnxGraph,
  format: OnnxFormat,
  name: string,
  shape: readonly number[],
  values: Float32Array,
): Value {
  const type = floatType(format);
  return graph.constant(name, type, shape, type === "float16" ? toHalf(values) : values);
}

/** x [..., in] -> x weight^T + bias [..., out]. */
export function linear(graph: OnnxGraph, format: OnnxFormat, x: Value, layer: Layer): Value {
  const y = PRODUCTS[format](graph, format, x, layer);
  const { name, bias, out } = layer;
  if (!bias) return y;
  return graph.node("Add", `${name}/Add`, [y, floats(graph, format, `${name}.bias`, [out], bias)]);
}

type Product = (graph: OnnxGraph, format: OnnxFormat, x: Value, layer: Layer) => Value;

const PRODUCTS: Record<OnnxFormat, Product> = {
  fp32: floatProduct,
  fp16: floatProduct,
  q8: int8Product,
  // Blocks need whole columns; other layers stay as they are.
  q4: (graph, format, x, layer) =>
    ((layer.weight.length / layer.out) % BLOCK === 0 ? int4Product : floatProduct)(graph, format, x, layer),
};

function floatProduct(graph: OnnxGraph, format: OnnxFormat, x: Value, { name, weight, out }: Layer): Value {
  const w = floats(graph, format, `${name}.weight`, [weight.length / out, out], transposed(weight, out));
  return graph.node("MatMul", `${name}/MatMul`, [x, w]);
}

/** As onnxruntime's quantize_dynamic writes it, with a scale per output channel: vit8's own int8 weights. */
function int8Product(graph: OnnxGraph, _: OnnxFormat, x: Value, { name, weight, out }: Layer): Value {
  const { q, scale } = quantizeRows(weight, out);
  const w = graph.constant(`${name}.weight`, "int8", [q.length / out, out], transposed(q, out));
  const wScale = graph.constant(`${name}.weight_scale`, "float32", [out], scale);
  const wZero = graph.constant(`${name}.weight_zero`, "int8", [out], new Int8Array(out));
  // Q, K and V read one input: it is quantized once.
  const xq = graph.once(`${x}/q`, (q) => {
    const outputs = [q, `${x}/scale`, `${x}/zero`];
    return graph.nodes("DynamicQuantizeLinear", `${x}/Quantize`, outputs, [x])[0];
  });
  const sums = graph.node("MatMulInteger", `${name}/MatMulInteger`, [xq, w, `${x}/zero`, wZero]);
  const float = graph.node("Cast", `${name}/Cast`, [sums], { to: TYPES.float32 });
  const factor = graph.node("Mul", `${name}/Scale`, [`${x}/scale`, wScale]);
  return graph.node("Mul", `${name}/Mul`, [float, factor]);
}

/** MatMulNBits: symmetric int4 around 8, two in a byte, a scale per 32 columns. */
function int4Product(graph: OnnxGraph, _: OnnxFormat, x: Value, { name, weight, out }: Layer): Value {
  const k = weight.length / out;
  const { q, scale } = quantizeBlocks(weight);
  const w = graph.constant(`${name}.weight`, "uint8", [out, k / BLOCK, BLOCK / 2], q);
  const wScale = graph.constant(`${name}.weight_scale`, "float32", [scale.length], scale);
  const attributes = { K: k, N: out, bits: 4, block_size: BLOCK };
  return graph.node("MatMulNBits", `${name}/MatMulNBits`, [x, w, wScale], attributes);
}

function quantizeBlocks(weight: Float32Array): { q: Uint8Array; scale: Float32Array } {
  const q = new Uint8Array(weight.length / 2);
  const scale = new Float32Array(weight.length / BLOCK);
  for (let block = 0; block < scale.length; block++) {
    const values = weight.subarray(block * BLOCK, (block + 1) * BLOCK);
    const peak = values.reduce((far, v) => (Math.abs(v) > Math.abs(far) ? v : far), 0);
    // The value of largest magnitude becomes -8, the end that int4 has one more of.
    scale[block] = peak / -8;
    const inverse = peak ? -8 / peak : 0;
    values.forEach((v, i) => {
      const nibble = Math.min(15, Math.max(0, Math.round(v * inverse) + 8));
      q[(block * BLOCK + i) >> 1] |= nibble << (4 * (i & 1));
    });
  }
  return { q, scale };
}

/** [out, in] -> [in, out]. */
function transposed<T extends Float32Array | Int8Array>(weight: T, out: number): T {
  const k = weight.length / out;
  const turned = weight.slice() as T;
  for (let n = 0; n < out; n++) for (let i = 0; i < k; i++) turned[i * out + n] = weight[n * k + i];
  return turned;
}

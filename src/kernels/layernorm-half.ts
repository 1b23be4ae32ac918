import plainWgsl from "../../shaders/layernorm.wgsl?half&wgsl";
import quantizeWgsl from "../../shaders/layernorm.wgsl?quantize&half&wgsl";
import { defineKernel, type Probe } from "../gpu/kernel.ts";
import { toHalf } from "../quant/half.ts";
import { ROW_SCALE } from "../quant/outlier.ts";
import { GROUP, onlyWithHalf, paddedRows } from "./gemm.ts";
import { type LayerNormProblem, layernorm, layernormQuantize, perRow } from "./layernorm.ts";

/** The same as `layernorm`, of an x in f16. */
export const layernormHalf = defineKernel({
  ...layernorm,
  name: "layernorm_half",
  variants: onlyWithHalf({ workgroup: perRow(plainWgsl) }),
  bytes: ({ rows, stride }: LayerNormProblem) => 6 * rows * stride + 8 * stride,
});

/** One row that rises evenly about zero; an output may be one step off. */
function probe(): Probe {
  const [rows, width] = [1, GROUP];
  const x = Float32Array.from({ length: width }, (_, column) => column - (width - 1) / 2);
  const peak = x[width - 1];
  const deviation = Math.sqrt((width ** 2 - 1) / 12);
  return {
    problem: { rows, width, stride: width, eps: 1e-6 },
    inputs: { x: toHalf(x), gamma: new Float32Array(width).fill(1), beta: new Float32Array(width) },
    outputs: {
      out: {
        expected: Int8Array.from(x, (value) => Math.round((127 * value) / peak)),
        off: 1,
        byteLength: paddedRows(rows) * width,
      },
      out_scale: {
        expected: Float32Array.of(peak / deviation / 127, 0, 0),
        off: 1e-5,
        byteLength: paddedRows(rows) * ROW_SCALE * 4,
      },
    },
  };
}

/** The same as `layernormQuantize`, of an x in f16. */
export const layernormHalfQuantize = defineKernel({
  ...layernormQuantize,
  name: "layernorm_half_quantize",
  variants: onlyWithHalf({ workgroup: perRow(quantizeWgsl) }),
  probe,
  bytes: ({ rows, stride }: LayerNormProblem) => 3 * rows * stride + 8 * stride,
});

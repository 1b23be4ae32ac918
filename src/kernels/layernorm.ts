import quantizeWgsl from "../../shaders/layernorm.wgsl?quantize&wgsl";
import plainWgsl from "../../shaders/layernorm.wgsl?wgsl";
import quantizeRowsWgsl from "../../shaders/layernorm_rows.wgsl?quantize&wgsl";
import plainRowsWgsl from "../../shaders/layernorm_rows.wgsl?wgsl";
import { checkProblem, defineKernel, type Variant } from "../gpu/kernel.ts";

/** LayerNorm over the first `width` of `stride` columns; width a multiple of 4, stride of 64. */
export interface LayerNormProblem {
  readonly rows: number;
  readonly width: number;
  readonly stride: number;
  readonly eps: number;
}

const constants = ({ width, eps }: LayerNormProblem) => ({ WIDTH: width, EPS: eps });

/** Columns of a row, which a workgroup keeps in the registers of at most 256 threads. */
const WIDEST = 8192;

/** Columns that a thread keeps in registers, in the workgroup's shape; twice as many in the widest rows. */
const KEPT = 16;

/** A workgroup for each row: the fewest threads that keep it whole. */
export const perRow = (wgsl: string): Variant<LayerNormProblem> => ({
  wgsl,
  shapedFor: "gpu",
  constants: (problem) => ({
    ...constants(problem),
    LENGTH: problem.stride / 4,
    THREADS: [64, 128].find((threads) => threads * KEPT >= problem.stride) ?? 256,
  }),
  grid: ({ rows }) => [rows],
});

const ROWS = 8;
const perThread = (wgsl: string): Variant<LayerNormProblem> => ({
  wgsl,
  shapedFor: "software",
  constants: (problem) => ({ ...constants(problem), ROWS_PER_WORKGROUP: ROWS }),
  grid: ({ rows }) => [Math.ceil(rows / ROWS)],
});

function check({ rows, width, stride }: LayerNormProblem): void {
  const fits = rows > 0 && width > 0 && width % 4 === 0 && stride % 64 === 0;
  const expected = `rows > 0, 4 | width <= stride and 64 | stride <= ${WIDEST}`;
  checkProblem(fits && stride >= width && stride <= WIDEST, "layernorm", expected, rows, width, stride);
}

const shared = { check, macs: ({ rows, width }: LayerNormProblem) => 4 * rows * width };

/** f32 out: the norm before the head, and the float path. */
export const layernorm = defineKernel({
  name: "layernorm",
  bindings: { x: "read", gamma: "read", beta: "read", out: "write" },
  variants: { rows: perThread(plainRowsWgsl), workgroup: perRow(plainWgsl) },
  bytes: ({ rows, stride }: LayerNormProblem) => 8 * rows * stride + 8 * stride,
  ...shared,
});

/** int8 out with a scale per row, and 16 bits for its outlier, [rows, 3] as in `ROW_SCALE`: the input of QKV and FC1. */
export const layernormQuantize = defineKernel({
  name: "layernorm_quantize",
  bindings: { x: "read", gamma: "read", beta: "read", out: "write", out_scale: "write" },
  variants: { rows: perThread(quantizeRowsWgsl), workgroup: perRow(quantizeWgsl) },
  bytes: ({ rows, stride }: LayerNormProblem) => 5 * rows * stride + 8 * stride,
  ...shared,
});

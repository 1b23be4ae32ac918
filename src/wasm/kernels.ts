// The WebAssembly implementation of a step: for each kernel of the graph, its export and the arguments.

import type { Kernel } from "../gpu/kernel.ts";
import type { activate } from "../kernels/activate.ts";
import {
  type AttentionProblem,
  type attention,
  groupsPerHead,
  scoreScaleOf,
  widthOf,
} from "../kernels/attention.ts";
import type { attentionApart } from "../kernels/attention-apart.ts";
import type { AttentionLevelsProblem, attentionLevels } from "../kernels/attention-levels.ts";
import type { attentionOptions } from "../kernels/attention-options.ts";
import type { WideAttentionProblem } from "../kernels/attention-wide.ts";
import type { combine } from "../kernels/combine.ts";
import type { gatherRows } from "../kernels/gather-rows.ts";
import { type GemmProblem, GROUP, type InputForm } from "../kernels/gemm.ts";
import type { head } from "../kernels/head.ts";
import type { layernorm } from "../kernels/layernorm.ts";
import type * as prepare from "../kernels/prepare-heads.ts";
import type * as levelled from "../kernels/quantize-levels.ts";
import type { quantizeRows } from "../kernels/quantize-rows.ts";
import { bitsOf } from "../quant/dyadic.ts";
import { LOG2_E as IBERT_LOG2_E } from "../quant/ibert.ts";
import { LOG2_E as IVIT_LOG2_E } from "../quant/ivit.ts";
import { activationCode } from "../tensor/activation.ts";

/** A step in numbers, which any thread with the same memory can do a part of. */
export interface Call {
  /** The export. */
  readonly name: string;
  /** Rows, or what else can be shared out, a multiple of `grain` at a time. */
  readonly units: number;
  readonly grain: number;
  readonly args: readonly number[];
  /** Bytes of memory for the exclusive use of each part. */
  readonly scratch: number;
}

/** `at`: the addresses of the kernel's bindings, in their order, which is that of the export's arguments. */
type Lower<P = unknown> = (problem: P, at: readonly number[]) => Call;
/** The kernel as a type only, so that no shader is imported. */
type LowerOf<K> = K extends Kernel<infer _, infer P> ? Lower<P> : never;

/** The forms of non-linear operations, as numbered in assembly/nonlinear.ts. */
const IBERT = { form: 1, log2E: IBERT_LOG2_E };
const IVIT = { form: 2, log2E: IVIT_LOG2_E };
type Form = typeof IBERT;

const gemmAccumulate: Lower<GemmProblem> = (problem, at) => product("gemmAccumulate", problem, at);

const gemmAdd =
  (name: string): Lower<GemmProblem> =>
  (problem, at) => {
    const { rowsPerImage = 1, addendRows = 1 } = problem;
    return product(name, problem, [rowsPerImage, addendRows, ...at]);
  };

const gemmQuantize =
  (form?: Form): Lower<GemmProblem> =>
  (problem, at) => {
    const activation = activationCode(problem.activation);
    const which = form ? [activation, form.form] : [activation];
    return product(form ? "gemmIntegerQuantize" : "gemmQuantize", problem, [...which, ...at]);
  };

const gemmStore =
  (form: InputForm): Lower<GemmProblem> =>
  (problem, at) => {
    const which = [activationCode(problem.activation), Number(form === "groups")];
    return product("gemmStore", problem, [...which, ...at]);
  };

/** Rows whose int16 lie in a core's cache. */
const BLOCK_ROWS = 128;

/** A row of 64 columns is a unit. Scratch memory: rows of int16, sums and totals of rows with 64 columns, and sixteen columns of w. */
function product(name: string, { rows, n, k }: GemmProblem, args: readonly number[]): Call {
  const blocks = Math.ceil(rows / BLOCK_ROWS);
  const blockRows = 2 * Math.ceil(rows / blocks / 2);
  return {
    name,
    units: (rows * n) / GROUP,
    grain: 2,
    args: [rows, blockRows, n, k, ...args],
    scratch: (blockRows + 1) * (2 * k + 8 * GROUP) + 32 * k,
  };
}

const attend: LowerOf<typeof attention> = (problem, [qkv, scale, ...outputs]) =>
  attendOptions(problem, [qkv, scale, 0, ...outputs]);

const attendOptions: LowerOf<typeof attentionOptions> = (problem, [qkv, scale, bias, ...outputs]) => {
  const width = widthOf(problem);
  const parts = [0, 1, 2].flatMap((part) => [qkv + part * width, scale + (part * width) / 16]);
  return attendParts(problem, 3 * width, [...parts, ...outputs, bias]);
};

const attendApart: LowerOf<typeof attentionApart> = (problem, at) =>
  attendParts(problem, widthOf(problem), [...at, 0]);

const NOTHING = { width: 0, height: 0 };

/** `at`: Q, K and V, of which rows are `stride` bytes apart, and the output, each with its scales, then the bias. */
function attendParts(problem: WideAttentionProblem, stride: number, at: readonly number[]): Call {
  const { tokens, queries, queryRows = tokens, causal, scalePerHead, biasRows = 0, cosine } = problem;
  const whole = { grid: NOTHING, size: { width: tokens, height: 1 }, shift: NOTHING };
  const { grid, size, shift } = problem.windows ?? whole;
  const keys = size.width * size.height;
  const { units, heads, groups, padded, channels } = attended({ ...problem, tokens: keys });
  const tiles = Math.ceil(keys / 64);
  const perTile = 128 * channels + 260 * groups + 16 * (256 + 8);
  return {
    name: "attention",
    units,
    grain: 2,
    args: [
      ...[
        keys,
        (queries * keys) / tokens,
        queryRows,
        heads,
        groups,
        scoreScaleOf(problem),
        Number(causal ?? false),
      ],
      ...[stride, ...at, scalePerHead ? heads : 0, biasRows, Number(cosine ?? false)],
      ...[grid, size, shift].flatMap(({ width, height }) => [width, height]),
    ],
    scratch:
      padded * (3 * channels + 8 * groups + 4) +
      (tiles * perTile + 16 + 32 * channels + 16 * (128 + 512 + 4)),
  };
}

const attendInteger =
  ({ form, log2E }: Form): LowerOf<typeof attention> =>
  (problem, at) => {
    const { units, tokens, queries, heads, groups, padded, channels } = attended(problem);
    const scoreScale = bitsOf(log2E / Math.sqrt(problem.headDim));
    return {
      name: "attentionInteger",
      units,
      grain: 1,
      args: [tokens, queries, heads, groups, form, scoreScale, ...at],
      scratch: padded * (2 * channels + 16) + 4 * channels + 4 * GROUP,
    };
  };

function attended({ images, tokens, queries, heads, headDim }: AttentionProblem) {
  const groups = groupsPerHead(headDim);
  const padded = Math.ceil(tokens / 16) * 16;
  const units = images * heads * queries;
  return { units, tokens, queries, heads, groups, padded, channels: groups * GROUP };
}

function rowByRow(name: string, rows: number, scratch: number, args: readonly number[]): Call {
  return { name, units: rows, grain: 1, scratch, args };
}

/** `scratch`: bytes for each column. */
const normalise =
  (name: string, scratch: number): LowerOf<typeof layernorm> =>
  ({ rows, width, stride, eps }, at) =>
    rowByRow(name, rows, scratch * stride, [width, stride, eps, ...at]);

const normaliseInteger =
  (name: string): LowerOf<typeof layernorm> =>
  ({ rows, width, stride, eps }, at) => {
    const numbers = [bitsOf(Math.sqrt(width)), bitsOf(eps * width)];
    return rowByRow(name, rows, 4 * stride, [width, stride, ...numbers, ...at]);
  };

const readOut =
  (name: string): LowerOf<typeof head> =>
  ({ images, tokens, stride, classes }, at) => ({
    name,
    units: classes,
    grain: 1,
    args: [images, tokens, stride, classes, ...at],
    scratch: 4 * stride,
  });

/** In scratch memory sixteen columns of k f32. */
const gemmFloat =
  (name: string, numbers: (problem: GemmProblem) => readonly number[]): Lower<GemmProblem> =>
  (problem, at) => {
    const { rows, n, k } = problem;
    return { name, units: rows, grain: 2, args: [n, k, ...numbers(problem), ...at], scratch: 64 * k };
  };

type Attended = AttentionProblem & Pick<AttentionLevelsProblem, "softmax">;
const attendFloat: Lower<Attended> = (problem, at) => {
  const { units, tokens, queries, heads, padded, channels } = attended(problem);
  const { scale = 1, second = 0 } = problem.softmax ?? {};
  const levels = [...levelsOf(problem.softmax), scale, second];
  return {
    name: "attentionFloat",
    units,
    grain: 1,
    args: [
      ...[tokens, queries, heads, channels, scoreScaleOf(problem), Number(problem.causal ?? false)],
      ...levels,
      ...at,
    ],
    scratch: 4 * padded,
  };
};

/** Its scores are for the GPU alone. */
const attendLevels: LowerOf<typeof attentionLevels> = (problem, [qkv, , out]) =>
  attendFloat(problem, [qkv, out]);

const prepareHeads: LowerOf<typeof prepare.prepareHeads> = (problem, at) =>
  prepareHeadsQuantize(problem, [...at, 0]);

const prepareHeadsQuantize: LowerOf<typeof prepare.prepareHeadsQuantize> = (problem, at) => {
  const { images, rows, heads, headDim, sets, norm, eps, pairs } = problem;
  const stride = groupsPerHead(headDim) * GROUP;
  const bits = (flag: "normed" | "rotated") =>
    sets.reduce((mask, set, i) => mask | (Number(set[flag]) << i), 0);
  return rowByRow("prepareHeads", images * rows * sets.length * heads, 4 * stride, [
    ...[rows, heads, sets.length, headDim, stride, bits("normed"), bits("rotated")],
    ...[Number(norm === "layer"), Number(pairs === "neighbors"), eps, ...at],
  ]);
};

const toLevels =
  (
    name: string,
    numbers: (levels: levelled.Levels) => readonly number[],
  ): LowerOf<typeof levelled.roundToLevels> =>
  ({ rows, columns, activation, levels }, at) =>
    rowByRow(name, rows, 4 * columns, [columns, activationCode(activation), ...numbers(levels), ...at]);

/** As numbered in assembly/levels.ts; 3: every value is unchanged. */
const KINDS = { uniform: 0, twin: 1, log: 2 };

function levelsOf(levels: levelled.Levels | undefined): number[] {
  if (!levels) return [3, 0, 0, 0, 1, 0];
  const { kind, low, high, border, step, shift } = levels;
  return [KINDS[kind], low, high, border, step, shift];
}

const quantize =
  (name: string): LowerOf<typeof quantizeRows> =>
  ({ rows, columns }, at) =>
    rowByRow(name, rows, 0, [columns, ...at]);

const gather: LowerOf<typeof gatherRows> = ({ images, rows, columns, pieces, width, xRows, xColumns }, at) =>
  rowByRow("gatherRows", images * rows, 0, [rows, columns, pieces, width, xRows, xColumns, ...at]);

/** As numbered in assembly/rows.ts. */
const COMBINED = { none: 0, sum: 1, product: 2 };

const combined: LowerOf<typeof combine> = ({ images, rows, columns, xRows, yRows, by }, at) => {
  const operation = by === "sum" ? [0, COMBINED.sum] : [activationCode(by), COMBINED.product];
  const args = [rows, columns, xRows, yRows, ...operation, ...at];
  return rowByRow("combineRows", images * rows, 4 * columns + 16, args);
};

const activated: LowerOf<typeof activate> = ({ rows, columns, activation }, [x, out]) => {
  const args = [rows, columns, rows, 0, activationCode(activation), COMBINED.none, x, x, out];
  return rowByRow("combineRows", rows, 4 * columns + 16, args);
};

const LOWERED = {
  gemm_int8_direct_accumulate: gemmAccumulate,
  gemm_int8_direct_groups_add: gemmAdd("gemmAdd"),
  gemm_int8_direct_groups_store: gemmStore("groups"),
  gemm_int8_direct_row_store: gemmStore("row"),
  gemm_int8_direct_row_quantize: gemmQuantize(),
  attention: attend,
  attention_options: attendOptions,
  attention_apart: attendApart,
  layernorm: normalise("layernorm", 0),
  layernorm_quantize: normalise("layernormQuantize", 4),
  head: readOut("head"),
  gemm_integer_add: gemmAdd("gemmIntegerAdd"),
  gemm_integer_ibert: gemmQuantize(IBERT),
  gemm_integer_ivit: gemmQuantize(IVIT),
  attention_ibert: attendInteger(IBERT),
  attention_ivit: attendInteger(IVIT),
  layernorm_integer: normaliseInteger("layernormInteger"),
  layernorm_integer_quantize: normaliseInteger("layernormIntegerQuantize"),
  head_integer: readOut("headInteger"),
  gemm_float_add: gemmFloat("gemmFloatAdd", ({ rowsPerImage = 1, addendRows = 1 }) => [
    rowsPerImage,
    addendRows,
  ]),
  gemm_float_activate: gemmFloat("gemmFloatActivate", ({ activation }) => [activationCode(activation)]),
  attention_float: attendFloat,
  attention_levels: attendLevels,
  quantize_levels: toLevels("quantizeLevels", ({ low, high }) => [low, high]),
  round_to_levels: toLevels("roundToLevels", levelsOf),
  quantize_rows: quantize("quantizeRows"),
  quantize_groups: quantize("quantizeGroups"),
  prepare_heads: prepareHeads,
  prepare_heads_quantize: prepareHeadsQuantize,
  gather_rows: gather,
  combine: combined,
  activate: activated,
};

/** By the name of the kernel on the GPU. */
export const wasmKernels: ReadonlyMap<string, Lower> = new Map(
  Object.entries(LOWERED as unknown as Record<string, Lower>),
);

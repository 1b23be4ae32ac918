// A network whose activations have calibrated levels: producers write f32, a separate step rounds that to its levels, and products read
// int8 if the levels are uniform. Loaded if a folder has calibrated levels.

import { UnsupportedModelError } from "../errors/errors.ts";
import type { Fields } from "../format/fields.ts";
import { attentionLevels, scoresByteLength } from "../kernels/attention-levels.ts";
import { gemmFloatAdd } from "../kernels/gemm-float.ts";
import { layernorm } from "../kernels/layernorm.ts";
import { levels, quantizeLevels, roundToLevels } from "../kernels/quantize-levels.ts";
import { checkOptions } from "../network/attention-options.ts";
import type { FusedOp, Linear, Network, Value } from "../network/op.ts";
import type { Quantizer } from "../quant/quantizer.ts";
import { step } from "../scheduler/step.ts";
import type { Activation } from "../tensor/activation.ts";
import { isInteger, type Nonlinear } from "./arithmetic.ts";
import {
  type CalibratedOp,
  type Calibration,
  calibratedNetwork,
  isFloat,
  isQkv,
  parseCalibration,
} from "./calibration.ts";
import type { Int8Kernels } from "./kernels.ts";
import { type Lowering, lowered, type Steps } from "./lowering.ts";
import { packedLevels } from "./pack/levels.ts";
import { columnsOf } from "./padding.ts";
import { addendOf, attentionProblem, gemmProblem, normProblem } from "./problems.ts";
import type { Program } from "./program.ts";
import { rowsLowering } from "./rows.ts";

export interface LevelsOptions {
  /** Name of the model, for messages. */
  readonly name: string;
  /** The field of its config. */
  readonly calibration: Fields;
  readonly int8Offset: readonly number[];
  /** Exact or fast, for levels are settled for these. */
  readonly nonlinear: Nonlinear;
  readonly kernels: Int8Kernels;
}

/** @throws ModelFormatError for a calibration that is not whole, UnsupportedModelError for integer operations */
export function levelsProgram(
  whole: Network<FusedOp>,
  { name, calibration: fields, int8Offset, nonlinear, kernels }: LevelsOptions,
): Program {
  if (isInteger(nonlinear))
    throw new UnsupportedModelError(
      `${name}: expected nonlinear exact or fast for a calibrated model, got ${nonlinear}.`,
    );
  const network = calibratedNetwork(whole);
  const calibration = parseCalibration(fields, network);
  const lowering = levelsLowering(network, calibration, kernels);
  return {
    graph: (images, taps) => lowered(network, lowering, images, taps),
    pack: (tensors) => packedLevels(network, calibration, int8Offset, tensors),
  };
}

function levelsLowering(
  network: Network<CalibratedOp>,
  calibration: Calibration,
  kernels: Int8Kernels,
): Lowering<CalibratedOp> {
  const { gather, pool, concat } = rowsLowering(({ name }) => name);
  return {
    gather,
    pool,
    concat,
    patches: ({ out }, steps) => {
      steps.tensor(out, "groups");
    },
    linear: (op, steps) => {
      const { name, out, activation } = op;
      if (isHead(op, steps, calibration)) return head(op, steps, kernels);
      if (addendOf(op)) return product(op, steps, kernels, out.name);
      const sums = `${name}.sums`;
      product(op, steps, kernels, sums);
      // Q, K and V have quantizers of their own but of one kind, and one table.
      if (isQkv(op)) round(steps, out, sums, calibration.get(name.replace(/qkv$/, "query"))!);
      else quantize(steps, out, sums, calibration.get(out.name)!, activation);
    },
    norm: (op, steps) => {
      const { name, reads, out } = op;
      const before = calibration.get(`${name}.input`);
      const x = { ...reads[0], name: before ? `${name}.input` : reads[0].name };
      if (before) round(steps, x, reads[0].name, before);
      const made = isFloat(out, network) ? out.name : `${name}.values`;
      steps.tensor(out, "f32", made);
      const buffers = { x: x.name, gamma: `${name}.gamma`, beta: `${name}.beta`, out: made };
      steps.add(step(name, "norm", layernorm, normProblem(op, steps.images), buffers));
      if (made !== out.name) quantize(steps, out, made, calibration.get(name)!);
    },
    attention: (op, steps) => {
      checkOptions(op, "a calibrated model", []);
      const { name, reads, out } = op;
      const problem = attentionProblem(op, steps.images);
      const softmax = calibration.get(name.replace(/attention$/, "softmax"));
      const scores = `${name}.scores`;
      const { queries: rows, tokens: columns } = problem;
      steps.raw(scores, { rows, columns, form: "f32", byteLength: scoresByteLength(problem) });
      const values = steps.tensor(out, "f32", `${name}.values`);
      const buffers = { qkv: reads[0].name, scores, out: values };
      const levelled = softmax && { softmax: { ...levels(softmax), ...scalesOf(softmax) } };
      steps.add(step(name, "attention", attentionLevels, { ...problem, ...levelled }, buffers));
      quantize(steps, out, values, calibration.get(name)!);
    },
  };
}

/** Reads f32 without levels. */
function isHead({ reads: [x] }: Linear, steps: Steps, calibration: Calibration): boolean {
  return steps.formOf(x.name) === "f32" && !calibration.has(x.name);
}

/** To the f32 values of the quantizer's levels. */
function round(steps: Steps, value: Value, x: string, quantizer: Quantizer, activation?: Activation): void {
  const { name } = value;
  const problem = { ...levelsProblem(steps, value, quantizer), activation };
  const buffers = { x, table: `${name}.table`, out: steps.tensor(value, "f32") };
  steps.add(step(`${name}.levels`, "levels", roundToLevels, problem, buffers));
}

/** To int8 where the levels are uniform, else to their f32 values. */
function quantize(
  steps: Steps,
  value: Value,
  x: string,
  quantizer: Quantizer,
  activation?: Activation,
): void {
  if (quantizer.kind !== "uniform") {
    round(steps, value, x, quantizer, activation);
    return;
  }
  const { name } = value;
  const problem = { ...levelsProblem(steps, value, quantizer), activation };
  const out = steps.tensor(value, "groups");
  const buffers = { x, table: `${name}.table`, out, out_scale: `${name}.scale` };
  steps.add(step(`${name}.levels`, "levels", quantizeLevels, problem, buffers));
}

function levelsProblem({ images }: Steps, value: Value, quantizer: Quantizer) {
  return { rows: images * value.rows, columns: columnsOf(value), levels: levels(quantizer) };
}

/** a w + bias + addend in f32; a in int8, or in f32 where its levels are not uniform. */
function product(op: Linear, steps: Steps, kernels: Int8Kernels, out: string): void {
  const { name, reads } = op;
  const a = reads[0].name;
  const { activation: _, ...added } = gemmProblem(op, steps.images);
  const addend = addendOf(op);
  const problem = addend ? added : { ...added, rowsPerImage: 1, addendRows: 0 };
  const weights = { w: `${name}.weight`, bias: `${name}.bias`, addend: addend ?? "zeros" };
  const buffers = { ...weights, a, out: steps.tensor(op.out, "f32", out) };
  const scales = { a_scale: `${a}.scale`, w_scale: `${name}.weight_scale` };
  steps.add(
    steps.formOf(a) === "f32"
      ? step(name, "linear", gemmFloatAdd, problem, buffers)
      : step(name, "linear", kernels.gemm.groups.add, problem, { ...buffers, ...scales }),
  );
}

function head(op: Linear, steps: Steps, kernels: Int8Kernels): void {
  const { name, reads, out, joined } = op;
  const [x] = reads;
  const problem = { images: steps.images, tokens: joined, stride: columnsOf(x), classes: columnsOf(out) };
  const weights = { w: `${name}.weight`, w_scale: `${name}.weight_scale`, bias: `${name}.bias` };
  const buffers = { ...weights, x: x.name, out: steps.tensor(out, "f32") };
  steps.add(step(name, "head", kernels.head, problem, buffers));
}

function scalesOf(quantizer: Quantizer): { scale: number; second: number } {
  if (quantizer.kind === "uniform") return { scale: quantizer.scale as number, second: quantizer.zero };
  return { scale: quantizer.scale, second: quantizer.kind === "twin" ? quantizer.fine : 0 };
}

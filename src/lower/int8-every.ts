// A network of any operations in int8: products as in the core, or in f32 for layers that the model keeps in float, and the operations between
// them in f32. A value that is read in another form than it is written in is converted once. Loaded if a network needs more than the core has.

import { UnsupportedModelError } from "../errors/errors.ts";
import { dequantizeGroups } from "../kernels/dequantize-groups.ts";
import { quantizeGroups, quantizeRows } from "../kernels/quantize-rows.ts";
import type { Activate, FusedOp, Linear, Network, Norm, Value } from "../network/op.ts";
import { type Form, step } from "../scheduler/step.ts";
import { floatLinear } from "./float-linear.ts";
import { addHeads } from "./heads.ts";
import { int8Lowering } from "./int8.ts";
import { type Int8Kernels, int8Kernels } from "./kernels.ts";
import { type Lowering, lowered, type Steps } from "./lowering.ts";
import { packedEvery } from "./pack/every.ts";
import { FloatWeight } from "./pack/float-weight.ts";
import { int8Weight } from "./pack/int8-weight.ts";
import type { PackOptions } from "./pack/packer.ts";
import { columnsOf } from "./padding.ts";
import { addendOf, gemmProblem } from "./problems.ts";
import type { Program } from "./program.ts";
import { joined, rowsLowering } from "./rows.ts";

/** Names of layers, with Q, K and V separate: `blocks.0.query`. */
type Layers = readonly string[];

export const isFloat = ({ sources }: Linear, float: Layers): boolean =>
  sources.every(({ stem }) => float.includes(stem));
const isInt8 = (op: FusedOp, float: Layers): op is Linear => op.kind === "linear" && !isFloat(op, float);

/**
 * As `int8Program`, with a residual stream in f32.
 * @param float layers that are computed in f32
 */
export function int8ProgramOfEvery(
  network: Network<FusedOp>,
  options: Pick<PackOptions, "int8Offset">,
  kernels: Int8Kernels = int8Kernels,
  float: Layers = [],
): Program {
  const lowering = loweringOf({ ...kernels, stream: int8Kernels.stream }, float);
  const weight: PackOptions["weight"] = (op, packing) =>
    isFloat(op, float) ? new FloatWeight(op) : int8Weight(op, packing);
  return {
    graph: (images, taps) => lowered(network, lowering, images, taps),
    pack: (tensors) => packedEvery(network, { ...options, weight }, tensors),
  };
}

/** @throws UnsupportedModelError for operations in f32, except for those after the last norm unless `integerOnly` is set */
export function checkInteger(
  name: string,
  { ops }: Network<FusedOp>,
  integerOnly: boolean,
  float: Layers = [],
): void {
  if (float.length > 0)
    throw new UnsupportedModelError(
      `${name}: expected only int8 layers, got ${float[0]} in float. Use nonlinear exact or fast.`,
    );
  const allowed = [
    "patches",
    "linear",
    "norm",
    "attention",
    ...(integerOnly ? [] : ["gather", "pool", "concat"]),
  ];
  // A norm of heads, behind attention, reads floats.
  const other = ops.find(
    ({ kind, reads: [x] }) => !allowed.includes(kind) || (kind === "norm" && x!.parts > 1),
  );
  if (other)
    throw new UnsupportedModelError(
      `${name}: expected only integer operations, got ${other.name}. Use nonlinear exact or fast${integerOnly ? " and integerOnly false" : ""}.`,
    );
}

function loweringOf(kernels: Int8Kernels, float: Layers): Lowering {
  const plain = int8Lowering(kernels);
  return {
    ...rowsLowering((value, steps) => inForm(value, "f32", steps)),
    patches: plain.patches,
    heads: (op, steps) => addHeads(op, steps, "groups", inForm(op.reads[0], "f32", steps)),
    linear: (op, steps) => {
      if (!isFloat(op, float)) return linear(op, steps, kernels, plain.linear, float);
      const [x, ...others] = withFloatAddend(op, steps).reads;
      floatLinear({ ...op, reads: [{ ...x, name: inForm(x, "f32", steps) }, ...others] }, steps);
    },
    norm: (op, steps) => {
      const [x] = op.reads;
      const read = { ...op, reads: [joined(op, inForm(x, "f32", steps), steps)] } as const;
      if (readsRows(op, steps, float)) return plain.norm(read, steps);
      const { name, out } = op;
      const buffers = { x: read.reads[0].name, gamma: `${name}.gamma`, beta: `${name}.beta` };
      const problem = {
        rows: steps.images * out.rows,
        width: out.width,
        stride: columnsOf(out),
        eps: op.eps,
      };
      steps.add(
        step(name, "norm", kernels.layernorm, problem, { ...buffers, out: steps.tensor(out, "f32") }),
      );
    },
    attention: (op, steps) => {
      const reads = op.reads.map((value) => ({ ...value, name: inForm(value, "groups", steps) }));
      plain.attention({ ...op, reads } as unknown as typeof op, steps);
    },
  };
}

/** By its consumers: the stream, products or attention, an output, or otherwise operations that read floats. */
function linear(
  op: Linear,
  steps: Steps,
  kernels: Int8Kernels,
  plain: Lowering["linear"],
  float: Layers,
): void {
  const { out, activation } = op;
  const [x, ...others] = op.reads;
  const made = steps.formOf(x.name);
  const reading = (form: Form): Linear => ({
    ...op,
    reads: [{ ...x, name: inForm(x, form, steps) }, ...others],
  });
  if (addendOf(op)) plain(withFloatAddend(reading("groups"), steps), steps);
  else if (op.joined > 1 || (out.rows === 1 && made === "f32")) {
    const sums = activation ? { ...out, name: `${op.name}.sums` } : out;
    plain({ ...reading("f32"), out: sums, activation: undefined }, steps);
    if (activation) activate(op, activation, sums, steps);
  } else if (made !== "groups" && makesGroups(op, steps, float)) plain(reading("row"), steps);
  else store(reading(made === "groups" ? made : "row"), steps, kernels);
}

/** To f32. */
function store(op: Linear, steps: Steps, kernels: Int8Kernels): void {
  const { name, reads, out } = op;
  const [{ name: a }] = reads;
  const weights = { w: `${name}.weight`, w_scale: `${name}.weight_scale`, bias: `${name}.bias` };
  const buffers = { ...weights, a, a_scale: `${a}.scale`, out: steps.tensor(out, "f32") };
  const { groups, row } = kernels.gemm;
  const kernel = steps.formOf(a) === "groups" ? groups.store : row.store;
  steps.add(step(name, "linear", kernel, gemmProblem(op, steps.images), buffers));
}

function activate(
  { name, out }: Linear,
  activation: Activate["activation"],
  sums: Value,
  steps: Steps,
): void {
  const op = { kind: "activation", name: `${name}.${activation}`, reads: [sums], out, activation } as const;
  rowsLowering(({ name }) => name).activation(op, steps);
}

function withFloatAddend(op: Linear, steps: Steps): Linear {
  const [x, addend] = op.reads;
  return addend ? { ...op, reads: [x, { ...addend, name: inForm(addend, "f32", steps) }] } : op;
}

/** Whether all consumers of its output read int8 with a scale for each 64 columns. */
function makesGroups({ out }: Linear, steps: Steps, float: Layers): boolean {
  return (
    !steps.isOutput(out) &&
    steps
      .readersOf(out)
      .every((op) => op.kind === "attention" || (isInt8(op, float) && op.reads[0] === out && !!addendOf(op)))
  );
}

/** Whether all consumers of its output are products that read int8 with a scale for each row. */
function readsRows({ out }: Norm, steps: Steps, float: Layers): boolean {
  return (
    !steps.isOutput(out) &&
    steps.readersOf(out).every((op) => isInt8(op, float) && op.joined === 1 && !addendOf(op))
  );
}

/** The name of a value in the form in which it is read. */
function inForm(value: Value, form: Form, steps: Steps): string {
  const made = steps.formOf(value.name);
  if (made === form) return value.name;
  const name = `${value.name}.${form}`;
  if (steps.has(name)) return name;
  const problem = { rows: steps.images * value.rows, columns: columnsOf(value) };
  if (form === "f32" && made === "groups") {
    const scaled = {
      x: value.name,
      x_scale: `${value.name}.scale`,
      out: steps.tensor({ ...value, name }, form),
    };
    steps.add(step(`${value.name}.dequantize`, "dequantize", dequantizeGroups, problem, scaled));
    return name;
  }
  if (made !== "f32") throw new Error(`${value.name}: expected to be made in f32 or ${form}, got ${made}`);
  const out = steps.tensor({ ...value, name }, form);
  const buffers = { x: value.name, out, out_scale: `${out}.scale` };
  const kernel = form === "row" ? quantizeRows : quantizeGroups;
  steps.add(step(`${value.name}.quantize`, "quantize", kernel, problem, buffers));
  return name;
}

// A network in int8: what products read is int8 with scales made at run time, the residual stream stays a float.

import { isPlain } from "../network/fused.ts";
import type { FusedOp, Linear, Network, PlainOp } from "../network/op.ts";
import { step } from "../scheduler/step.ts";
import { attentionStep } from "./attention.ts";
import { type Int8Kernels, int8Kernels } from "./kernels.ts";
import { type Lowering, lowered, type Steps } from "./lowering.ts";
import { int8Weight } from "./pack/int8-weight.ts";
import { packed } from "./pack/pack.ts";
import type { PackOptions } from "./pack/packer.ts";
import { columnsOf } from "./padding.ts";
import { addendOf, gemmProblem, normProblem } from "./problems.ts";
import type { Program } from "./program.ts";

/**
 * Another set of kernels has other arithmetic with the same bindings, or another shape for another adapter.
 * @throws TypeError for a network that is not plain, which `int8ProgramOfEvery` computes
 */
export function int8Program(
  network: Network<FusedOp>,
  options: Pick<PackOptions, "int8Offset">,
  kernels: Int8Kernels = int8Kernels,
): Program {
  if (!isPlain(network)) throw new TypeError("int8: expected a plain network; use int8ProgramOfEvery");
  const plain = network as Network<PlainOp>;
  const lowering = int8Lowering(kernels);
  return {
    graph: (images, taps) => lowered(plain, lowering, images, taps),
    pack: (tensors) => packed(plain, { ...options, weight: int8Weight, stream: kernels.stream }, tensors),
  };
}

export function int8Lowering(kernels: Int8Kernels): Lowering<PlainOp> {
  return {
    patches: ({ out }, steps) => {
      steps.tensor(out, "groups");
    },
    linear: (op, steps) => linear(op, steps, kernels),
    norm: (op, steps) => {
      const { name, reads, out } = op;
      const problem = normProblem(op, steps.images);
      const buffers = { x: reads[0].name, gamma: `${name}.gamma`, beta: `${name}.beta`, out: out.name };
      // An output stays a float, and so does the input of a head.
      steps.tensor(out, steps.isOutput(out) ? "f32" : "row");
      steps.add(
        steps.isOutput(out)
          ? step(name, "norm", kernels.layernorm, problem, buffers)
          : step(name, "norm", kernels.layernormQuantize, problem, {
              ...buffers,
              out_scale: `${out.name}.scale`,
            }),
      );
    },
    attention: (op, steps) => {
      steps.tensor(op.out, "groups");
      steps.add(attentionStep(op, steps.images, kernels, "nonlinear ibert or ivit", true));
    },
  };
}

/** By its input and its consumers: to the stream, to int8 again, or from floats to an output. */
function linear(op: Linear, steps: Steps, kernels: Int8Kernels): void {
  const { name, out } = op;
  const [x] = op.reads;
  const problem = gemmProblem(op, steps.images);
  const weights = { w: `${name}.weight`, w_scale: `${name}.weight_scale`, bias: `${name}.bias` };
  if (steps.formOf(x.name) === "f32") {
    steps.tensor(out, "f32");
    const { rows: images, n: classes } = problem;
    const head = { images, tokens: op.joined, stride: columnsOf(x), classes };
    steps.add(step(name, "head", kernels.head, head, { ...weights, x: x.name, out: out.name }));
    return;
  }
  const buffers = { ...weights, a: x.name, a_scale: `${x.name}.scale`, out: out.name };
  const addend = addendOf(op);
  if (addend) {
    steps.tensor(out, kernels.stream.form);
    steps.add(step(name, "linear", kernels.gemm.groups.add, problem, { ...buffers, addend }));
    return;
  }
  steps.tensor(out, "groups");
  steps.add(
    step(name, "linear", kernels.gemm.row.quantize, problem, { ...buffers, out_scale: `${out.name}.scale` }),
  );
}

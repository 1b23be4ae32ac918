// A network in f32, the reference for int8. Loaded on demand.

import { attentionFloat, attentionFloatApart, attentionFloatOptions } from "../kernels/attention-float.ts";
import { layernorm } from "../kernels/layernorm.ts";
import type { FusedOp, Network } from "../network/op.ts";
import { step } from "../scheduler/step.ts";
import { type AttentionKernels, attentionStep } from "./attention.ts";
import { floatLinear } from "./float-linear.ts";
import { addHeads } from "./heads.ts";
import { type Lowering, lowered } from "./lowering.ts";
import { packedEvery } from "./pack/every.ts";
import { FloatWeight } from "./pack/float-weight.ts";
import type { PackOptions } from "./pack/packer.ts";
import { normProblem } from "./problems.ts";
import type { Program } from "./program.ts";
import { joined, rowsLowering } from "./rows.ts";

export function floatProgram(network: Network<FusedOp>, options: Pick<PackOptions, "int8Offset">): Program {
  return {
    graph: (images, taps) => lowered(network, FLOAT, images, taps),
    pack: (tensors) => packedEvery(network, { ...options, weight: (op) => new FloatWeight(op) }, tensors),
  };
}

const FLOAT: Lowering = {
  ...rowsLowering(({ name }) => name),
  heads: (op, steps) => addHeads(op, steps, "f32", op.reads[0].name),
  patches: ({ out }, steps) => {
    steps.tensor(out, "f32");
  },
  linear: floatLinear,
  norm: (op, steps) => {
    const { name, reads, out } = op;
    const buffers = {
      x: joined(op, reads[0].name, steps).name,
      gamma: `${name}.gamma`,
      beta: `${name}.beta`,
      out: steps.tensor(out, "f32"),
    };
    steps.add(step(name, "norm", layernorm, normProblem(op, steps.images), buffers));
  },
  attention: (op, steps) => {
    steps.tensor(op.out, "f32");
    steps.add(attentionStep(op, steps.images, ATTENTION, "float32", false));
  },
};

const ATTENTION: AttentionKernels = {
  attention: [attentionFloat],
  wideAttention: { options: [attentionFloatOptions], apart: [attentionFloatApart] },
};

// Moves the operations after a product into its epilogue: the activation, and the addition to the residual stream.

import { isOfEpilogue } from "../../tensor/activation.ts";
import type { Network } from "../op.ts";
import { rewritten } from "./draft.ts";

export function fuse(network: Network): Network {
  return fuseAdditions(fuseActivations(network));
}

function fuseActivations(network: Network): Network {
  return rewritten(network, "activation", (draft, op) => {
    const linear = draft.makerOf(op.reads[0]);
    const { activation } = op;
    const isPlain = linear?.kind === "linear" && !linear.activation && draft.isReadOnce(linear.out);
    if (!isPlain || !isOfEpilogue(activation)) return;
    draft.replace([linear, op], { ...linear, out: op.out, activation });
  });
}

function fuseAdditions(network: Network): Network {
  return rewritten(network, "add", (draft, op) => {
    const [x, y] = op.reads;
    const linear = draft.makerOf(y);
    const isPlain = linear?.kind === "linear" && !linear.activation && linear.reads.length === 1;
    if (!isPlain || !draft.isReadOnce(y)) return;
    draft.replace([linear, op], {
      ...linear,
      reads: [linear.reads[0], x],
      out: op.out,
      scale: op.scale,
    });
  });
}

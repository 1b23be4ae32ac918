// What stands behind a product in its epilogue: the activation, and the sum with the residual stream.

import type { Network } from "../op.ts";
import { each, makerOf, readOnce, replaced } from "./rewrite.ts";

export function fuse(network: Network): Network {
  return fuseAdditions(fuseActivations(network));
}

function fuseActivations(network: Network): Network {
  return each(network, "activation", (net, op) => {
    const linear = makerOf(net, op.reads[0]);
    if (linear?.kind !== "linear" || linear.activation || !readOnce(net, linear.out)) return net;
    return replaced(net, [linear, op], { ...linear, out: op.out, activation: op.activation });
  });
}

function fuseAdditions(network: Network): Network {
  return each(network, "add", (net, op) => {
    const [x, y] = op.reads;
    const linear = makerOf(net, y);
    if (linear?.kind !== "linear" || linear.activation || !readOnce(net, y)) return net;
    return replaced(net, [linear, op], {
      ...linear,
      reads: [linear.reads[0], x],
      out: op.out,
      scale: op.scale,
    });
  });
}

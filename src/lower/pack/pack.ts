// From a checkpoint's tensors, as they arrive, to the buffers that steps name: each is pulled through, one tensor's floats at a time.

import { type Interpreter, interpret, type Network, type PlainOp } from "../../network/op.ts";
import { AttentionPacker } from "./attention.ts";
import { LinearPacker } from "./linear.ts";
import { NormPacker } from "./norm.ts";
import type { Packed, Packer, PackOptions } from "./packer.ts";
import type { StoredTensor } from "./stored-tensor.ts";

export const PLAIN_PACKERS: Interpreter<PlainOp, [options: PackOptions], Packer[]> = {
  patches: () => [],
  linear: (op, options) => [new LinearPacker(op, options)],
  norm: (op) => [new NormPacker(op)],
  attention: (op) => (op.bias || typeof op.scale === "string" ? [new AttentionPacker(op)] : []),
};

/**
 * `<layer>.weight` (int8 [k/16, n, 16], or f32 [k, n]), `.weight_scale` [n], `.bias` [n], `.gamma` and `.beta` of norms and
`patch.table` [tokens, width], all padded to 64 columns; `<attention>.bias` [heads]?, [heads, queries, keys]? in base 2.
 * @throws ModelFormatError for a weight that is not finite.
 */
export function packed(
  network: Network<PlainOp>,
  options: PackOptions,
  tensors: AsyncIterable<StoredTensor>,
) {
  const packers = network.ops.flatMap((op) => interpret(PLAIN_PACKERS, op, options));
  return pulled(packers, tensors);
}

/** Every tensor through the packer that takes it. */
export async function* pulled(
  packers: readonly Packer[],
  tensors: AsyncIterable<StoredTensor>,
): AsyncGenerator<Packed> {
  const takers = new Map(packers.flatMap((packer) => packer.takes.map((name) => [name, packer])));
  for await (const tensor of tensors) {
    const taker = takers.get(tensor.name);
    if (taker) yield* taker.take(tensor);
  }
}

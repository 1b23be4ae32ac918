// The sizes of a network in words.

import { headsOf, type Network } from "../network/op.ts";

/** For example `width 192, 12 blocks, 3 heads, MLP 768`; for blocks that differ, each size once. */
export function shapeOf({ ops }: Network): string {
  const attentions = ops.filter((op) => op.kind === "attention");
  const all = (sizes: readonly number[]) => [...new Set(sizes)].join(", ");
  const width = all(attentions.map(({ out }) => out.width));
  const heads = all(attentions.map((op) => headsOf(op).heads));
  const hidden = all(ops.filter(({ kind }) => kind === "activation").map(({ out }) => out.width));
  return `width ${width}, ${attentions.length} blocks, ${heads} heads, MLP ${hidden}`;
}

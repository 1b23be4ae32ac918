// What the embedding adds to each row as one table: positions, with the learnt tokens and the patches' bias on their rows.

import type { Network } from "../op.ts";
import { each, makerOf, replaced } from "./rewrite.ts";

/** The patches' product makes the rows of the learnt tokens as well, from empty rows before the patches. */
export function foldTable(network: Network): Network {
  return each(network, "table", (net, op) => {
    const tokens = makerOf(net, op.reads[0]);
    const linear = tokens?.kind === "tokens" ? makerOf(net, tokens.reads[0]) : undefined;
    const patches = linear?.kind === "linear" ? makerOf(net, linear.reads[0]) : undefined;
    if (tokens?.kind !== "tokens" || linear?.kind !== "linear" || patches?.kind !== "patches") return net;
    const from = { ...patches.out, rows: op.out.rows };
    const cut = replaced(net, [patches], { ...patches, out: from, first: tokens.tokens.length });
    const { table: name, antialias } = op;
    const table = { table: name, antialias, tokens: tokens.tokens, grid: patches.grid };
    return replaced(cut, [linear, tokens, op], { ...linear, reads: [from], out: op.out, table });
  });
}

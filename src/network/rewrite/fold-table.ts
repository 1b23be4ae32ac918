// What the embedding adds to each row as one table: positions, with the learnt tokens and the patches' bias on their rows.

import type { Network } from "../op.ts";
import { rewritten } from "./draft.ts";

/** The patches' product makes the rows of the learnt tokens as well, from empty rows before the patches. */
export function foldTable(network: Network): Network {
  return rewritten(network, "table", (draft, op) => {
    const tokens = draft.makerOf(op.reads[0]);
    const linear = tokens?.kind === "tokens" ? draft.makerOf(tokens.reads[0]) : undefined;
    const patches = linear?.kind === "linear" ? draft.makerOf(linear.reads[0]) : undefined;
    if (tokens?.kind !== "tokens" || linear?.kind !== "linear" || patches?.kind !== "patches") return;
    const from = { ...patches.out, rows: op.out.rows };
    draft.replace([patches], { ...patches, out: from, first: tokens.tokens.length });
    const { table: name, antialias } = op;
    const table = { table: name, antialias, tokens: tokens.tokens, grid: patches.grid };
    draft.replace([linear, tokens, op], { ...linear, reads: [from], out: op.out, table });
  });
}

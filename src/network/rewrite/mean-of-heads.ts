// The mean of heads on different rows as one head: their weights side by side, for those rows side by side.

import type { Gather, Linear, Network, Op } from "../op.ts";
import { rewritten } from "./draft.ts";

/** Of rows 0, 1, ... of one value. Each source of a product of `joined` rows counts one over their number. */
export function meanOfHeads(network: Network): Network {
  return rewritten(network, "mean", (draft, mean) => {
    const makers = mean.reads.map((value) => draft.makerOf(value));
    const heads = makers.filter((op): op is Linear => op?.kind === "linear");
    const rows = heads
      .map(({ reads }) => draft.makerOf(reads[0]))
      .filter((op): op is Gather => op?.kind === "gather" && op.index.length === 1);
    const [x] = rows.map(({ reads }) => reads[0]);
    const inOrder = rows.every(({ index: [index], reads }, i) => index === i && reads[0] === x);
    if (rows.length !== makers.length || !inOrder) return;
    const sources = heads.flatMap((head, i) =>
      head.sources.map((source) => ({ ...source, firstColumn: i * x.width })),
    );
    const joined: Op = { ...heads[0], reads: [x], out: mean.out, sources, joined: rows.length };
    const others = rows.filter(({ out }) => draft.isReadOnce(out));
    draft.replace([...heads, ...others, mean], joined);
  });
}

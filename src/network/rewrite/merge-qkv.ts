// Q, K and V as one product: their weights one below the other.

import type { Linear, Network, Value } from "../op.ts";
import { rewritten } from "./draft.ts";

/** As timm stores them, and as a GPU computes them the faster. */
export function mergeQkv(network: Network): Network {
  return rewritten(network, "attention", (draft, attention) => {
    const makers = (attention.reads as readonly Value[]).map((value) => draft.makerOf(value));
    if (makers.length !== 3 || !makers.every((op): op is Linear => op?.kind === "linear")) return;
    const [first] = makers;
    const name = first.name.replace(/\w+$/, "qkv");
    const { width, parts } = first.out;
    const sources = makers.flatMap((op, i) =>
      op.sources.map((source) => ({ ...source, firstRow: i * width })),
    );
    const out = { ...first.out, name, width: 3 * width, parts: 3 * parts };
    draft.replace(makers, { ...first, name, sources, out });
    draft.replace([attention], { ...attention, reads: [out] });
  });
}

// Q, K and V as one product: their weights one below the other.

import type { Linear, Network, Value } from "../op.ts";
import { each, makerOf, replaced } from "./rewrite.ts";

/** As timm stores them, and as a GPU computes them the faster. */
export function mergeQkv(network: Network): Network {
  return each(network, "attention", (net, attention) => {
    const makers = (attention.reads as readonly Value[]).map((value) => makerOf(net, value));
    if (makers.length !== 3 || !makers.every((op): op is Linear => op?.kind === "linear")) return net;
    const [first] = makers;
    const name = first.name.replace(/\w+$/, "qkv");
    const { width, parts } = first.out;
    const sources = makers.flatMap((op, i) =>
      op.sources.map((source) => ({ ...source, firstRow: i * width })),
    );
    const out = { ...first.out, name, width: 3 * width, parts: 3 * parts };
    const merged = replaced(net, makers, { ...first, name, sources, out });
    return replaced(merged, [attention], { ...attention, reads: [out] });
  });
}

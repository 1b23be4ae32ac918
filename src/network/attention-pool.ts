// Attention pooling: Zhai et al. 2022, "Scaling Vision Transformers", section 3.4: a learned query reads all rows, and an MLP follows.

import { type BlockSpec, mlp } from "./block.ts";
import type { Builder } from "./builder.ts";
import type { Value } from "./op.ts";

/** One row, with the parameters `pool.latent`, `.query`, `.key`, `.value`, `.proj`, `.norm`, `.fc1` and `.fc2`. */
export function attentionPool(net: Builder, spec: BlockSpec, rows: Value): Value {
  const latent = net.learnt("pool.latent", { rows: 1, width: spec.width });
  const part = (name: string, x: Value) => net.linear(`pool.${name}`, x, { parts: spec.heads });
  const [query, key, value] = [part("query", latent), part("key", rows), part("value", rows)];
  const pooled = net.linear("pool.proj", net.attention("pool.attention", query, key, value));
  const hidden = mlp(net, spec, "pool", net.norm("pool.norm", pooled, spec.eps));
  return net.add("pool.residual", pooled, hidden, { as: "pool.x" });
}

// A synthetic family, as a file of src/network/families would have it: attention and MLP side by side behind one norm, as in ViT-22B
// (Dehghani et al. 2023, "Scaling Vision Transformers to 22 Billion Parameters", section 2).

import { type EncoderSpec, mlp, patches } from "../network/block.ts";
import type { Builder } from "../network/builder.ts";
import type { Family } from "../network/family.ts";
import { within } from "../network/names.ts";
import type { Value } from "../network/op.ts";
import { readSizes } from "../network/transformers.ts";

function block(net: Builder, spec: EncoderSpec, at: string, x: Value): Value {
  const normed = net.norm(`${at}.norm1`, x, spec.eps);
  const [query, key, value] = ["query", "key", "value"].map((part) =>
    net.linear(`${at}.${part}`, normed, { parts: spec.heads }),
  );
  const attended = net.linear(`${at}.proj`, net.attention(`${at}.attention`, query, key, value));
  const middle = net.add(`${at}.sum1`, x, attended, { as: `${at}.middle` });
  return net.add(`${at}.sum2`, middle, mlp(net, spec, at, normed), { as: `${at}.x` });
}

export default {
  architectures: { ParallelModel: "embed" },
  bases: ["parallel"],
  processor: "ViT",
  read: (config) => readSizes(config, { eps: 1e-6 }),
  dialects: () => [
    {
      class_token: "stem.first",
      positions: "stem.places",
      patch: "stem.convolution",
      norm: "last_norm",
      ...within("blocks.*", "tower.*", { norm1: "norm", qkv: "qkv", proj: "out", fc1: "up", fc2: "down" }),
    },
  ],
  build(spec, net) {
    const rows = net.tokens(["class_token"], patches(net, spec));
    let x = net.table("positions", rows, { as: "x" });
    for (let i = 0; i < spec.depth; i++) x = block(net, spec, `blocks.${i}`, x);
    return { embedding: net.row(net.norm("norm", x, spec.eps), 0) };
  },
} satisfies Family<EncoderSpec>;

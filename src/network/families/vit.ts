// ViT, DeiT and DINOv2: a class token, pre-norm blocks of attention and MLP, and a head on the first row, or two on the first two.

import type { VitArchitecture } from "../../format/architecture.ts";
import { Builder } from "../builder.ts";
import type { Network, Value } from "../op.ts";

export function vit(architecture: VitArchitecture): Network {
  const { imageWidth, imageHeight, patchSize, width, depth, prefixTokens, layerNormEps } = architecture;
  const net = new Builder();
  const pixels = net.patches({ width: imageWidth, height: imageHeight, patch: patchSize });
  const patches = net.linear("patch", pixels, { out: width, shape: [width, 3, patchSize, patchSize] });
  const tokens = ["class_token", "distillation_token"].slice(0, prefixTokens);
  let x = net.table("positions", net.tokens(tokens, patches), {
    as: "x",
    antialias: architecture.antialiasPositions,
  });
  for (let i = 0; i < depth; i++) x = block(net, architecture, `blocks.${i}`, x);
  const normed = net.norm("norm", x, layerNormEps);
  const embedding = net.row(normed, 0);
  const logits = logitsOf(net, architecture, normed, embedding);
  return net.network({ embedding, ...(logits && { logits }) });
}

function block(net: Builder, architecture: VitArchitecture, at: string, x: Value): Value {
  const { heads, qkvBias, layerScale, layerNormEps, mlpWidth, width, activation } = architecture;
  const sum = (n: 1 | 2, as: string) => ({
    as: `${at}.${as}`,
    scale: layerScale ? `${at}.scale${n}` : undefined,
  });
  const normed = net.norm(`${at}.norm1`, x, layerNormEps);
  const part = (name: string) => net.linear(`${at}.${name}`, normed, { parts: heads, bias: qkvBias });
  const attention = net.attention(`${at}.attention`, part("query"), part("key"), part("value"));
  const middle = net.add(`${at}.residual1`, x, net.linear(`${at}.proj`, attention), sum(1, "middle"));
  const hidden = net.linear(`${at}.fc1`, net.norm(`${at}.norm2`, middle, layerNormEps), { out: mlpWidth });
  const active = net.activation(`${at}.gelu`, hidden, activation);
  return net.add(`${at}.residual2`, middle, net.linear(`${at}.fc2`, active, { out: width }), sum(2, "x"));
}

/** Of a distilled model the mean of two heads, on a row each; of an embedding model none. */
function logitsOf(
  net: Builder,
  architecture: VitArchitecture,
  normed: Value,
  first: Value,
): Value | undefined {
  const { classes, headsCount } = architecture;
  if (classes === 0) return undefined;
  const head = net.linear("head", first, { out: classes });
  if (headsCount === 1) return head;
  const distilled = net.linear("head_distillation", net.row(normed, 1), { out: classes });
  return net.mean("logits", head, distilled);
}

// What timm's `vision_transformer` and `eva` share: arguments, and the rows that the blocks read.

import { checkFixed, type Fields, field, unsupported } from "../format/fields.ts";
import { type EncoderSpec, patches, registers } from "./block.ts";
import type { Builder } from "./builder.ts";
import type { Value } from "./op.ts";

export interface TimmEmbedding {
  /** Default true. */
  readonly classToken?: boolean;
  /** With a distillation token; logits are the mean of two classifier heads. */
  readonly distilled?: boolean;
  readonly registers?: number;
  /** Which rows have learned positions; default: all. */
  readonly positions?: "all" | "patches" | "none";
  /** A norm before the blocks, and no bias of the patches. */
  readonly preNorm?: boolean;
}

/** Tokens, patches, positions. */
export function embedded(net: Builder, spec: EncoderSpec & TimmEmbedding): Value {
  const { classToken = true, distilled, positions = "all", preNorm = false, antialias, eps } = spec;
  const tokens = [
    ...(classToken ? ["class_token"] : []),
    ...(distilled ? ["distillation_token"] : []),
    ...(spec.registers ? [registers(spec.registers)] : []),
  ];
  const withTokens = (rows: Value) => (tokens.length ? net.tokens(tokens, rows) : rows);
  const withPositions = (rows: Value) => net.table("positions", rows, { as: "x", antialias });
  const rows = patches(net, spec, !preNorm);
  const x = withTokens(positions === "patches" ? withPositions(rows) : rows);
  const placed = positions === "all" ? withPositions(x) : x;
  return preNorm ? net.norm("norm_pre", placed, eps) : placed;
}

/** @throws UnsupportedModelError for an argument that is neither read, nor `fixed` at its value, nor `idle`, without effect */
export function checkArguments(args: Fields, fixed: Fields, read: readonly string[], idle: RegExp): void {
  checkFixed(args, fixed);
  for (const key of Object.keys(args)) {
    if (Object.hasOwn(fixed, key) || read.includes(key) || idle.test(key)) continue;
    if (field(args, key) === undefined) continue;
    throw unsupported("model_args", `only ${read.join(", ")}`, key);
  }
}

// The common parts of most Vision Transformers: patches with learned tokens, and pre-norm blocks of attention and MLP.

import type { Size } from "../format/fields.ts";
import type { Activation } from "../tensor/activation.ts";
import type { Builder } from "./builder.ts";
import type { AttentionOptions, Grid, Learnt, Rotation, Value } from "./op.ts";

export interface BlockSpec {
  /** Channels of a token. */
  readonly width: number;
  readonly heads: number;
  /** Channels between the two layers of the MLP. */
  readonly mlpWidth: number;
  readonly eps: number;
  readonly activation: Activation;
  readonly qkvBias: boolean;
  readonly layerScale?: boolean;
  /** Default: as Q. */
  readonly keyBias?: boolean;
  readonly valueBias?: boolean;
  /** Bias of the layer after attention; default true. */
  readonly projBias?: boolean;
  /** Bias of the MLP's layers; default true. */
  readonly mlpBias?: boolean;
  /** Each head of Q and K is normalized, with parameters that all heads share. */
  readonly qkNorm?: boolean;
  /** A norm between attention and the layer behind it. */
  readonly attentionNorm?: boolean;
  /** The norms are behind attention and MLP, before the sums. */
  readonly postNorm?: boolean;
  /** Applied to the heads of Q and K afterwards. */
  readonly rotation?: Rotation;
  /** Further options of the block's attention, such as a bias. */
  readonly attention?: (at: string) => AttentionOptions;
  /** The MLP's first layer is two, `gate` and `up`: activation(gate) up, as SwiGLU has it. */
  readonly gated?: boolean;
  /** A norm before the MLP's second layer. */
  readonly mlpNorm?: boolean;
}

export interface EncoderSpec extends BlockSpec {
  readonly image: Size;
  /** Pixels along each side of a patch. */
  readonly patch: number;
  /** Blocks. */
  readonly depth: number;
  /** How positions of another grid are fitted. */
  readonly antialias?: boolean;
}

/** Patches across and down. */
export const tokenGrid = ({ image, patch }: Pick<EncoderSpec, "image" | "patch">): Grid => ({
  width: image.width / patch,
  height: image.height / patch,
});

/** Every patch of the image as a row. */
export function patches(net: Builder, { image, patch, width }: EncoderSpec, bias = true): Value {
  const pixels = net.patches({ ...image, patch });
  return net.linear("patch", pixels, { out: width, shape: [width, 3, patch, patch], bias });
}

/** The rows after the last norm: those of `tokens`, then the patches', with positions for all of them. */
export function encoder(net: Builder, spec: EncoderSpec, tokens: readonly string[]): Value {
  const { antialias } = spec;
  const rows = tokens.length ? net.tokens(tokens, patches(net, spec)) : patches(net, spec);
  return net.norm("norm", blocks(net, spec, net.table("positions", rows, { as: "x", antialias })), spec.eps);
}

/** Rows for registers: learned tokens behind the class token, without positions. */
export const registers = (rows: number): Learnt => ({ name: "register_tokens", rows });

export function blocks(net: Builder, spec: EncoderSpec, x: Value): Value {
  const places = Array.from({ length: spec.depth }, (_, i) => `blocks.${i}`);
  return places.reduce((rows, at) => block(net, spec, at, rows), x);
}

export function block(net: Builder, spec: BlockSpec, at: string, x: Value): Value {
  const residual = (n: 1 | 2, rows: Value, as: string, change: (rows: Value) => Value) => {
    const norm = (value: Value) => net.norm(`${at}.norm${n}`, value, spec.eps);
    const scale = spec.layerScale ? `${at}.scale${n}` : undefined;
    const changed = spec.postNorm ? norm(change(rows)) : change(norm(rows));
    return net.add(`${at}.residual${n}`, rows, changed, { as: `${at}.${as}`, scale });
  };
  const middle = residual(1, x, "middle", (rows) => attention(net, spec, at, rows));
  return residual(2, middle, "x", (rows) => mlp(net, spec, at, rows));
}

/** Attention of a block with its layers around it. */
function attention(net: Builder, spec: BlockSpec, at: string, x: Value): Value {
  const { heads, eps, qkvBias, keyBias = qkvBias, valueBias = qkvBias, qkNorm, rotation } = spec;
  const part = (name: string, bias: boolean) => net.linear(`${at}.${name}`, x, { parts: heads, bias });
  const prepared = (name: string, x: Value) => {
    if (!qkNorm && !rotation) return x;
    return net.heads(`${at}.${name}`, x, { ...(qkNorm && { norm: { kind: "layer", eps } }), rotation });
  };
  const [query, key] = [prepared("q_norm", part("query", qkvBias)), prepared("k_norm", part("key", keyBias))];
  const value = part("value", valueBias);
  const mixed = net.attention(`${at}.attention`, query, key, value, spec.attention?.(at));
  const normed = spec.attentionNorm ? net.norm(`${at}.attention_norm`, mixed, eps) : mixed;
  return net.linear(`${at}.proj`, normed, { bias: spec.projBias });
}

/** The two layers of an MLP below `at`, with an activation or a gate between them. */
export function mlp(net: Builder, spec: BlockSpec, at: string, x: Value): Value {
  const { width, eps, mlpNorm, mlpBias } = spec;
  const hidden = hiddenOf(net, spec, at, x);
  return net.linear(`${at}.fc2`, mlpNorm ? net.norm(`${at}.mlp_norm`, hidden, eps) : hidden, {
    out: width,
    bias: mlpBias,
  });
}

function hiddenOf(
  net: Builder,
  { mlpWidth: out, activation, gated, mlpBias }: BlockSpec,
  at: string,
  x: Value,
): Value {
  const layer = (name: string) => net.linear(`${at}.${name}`, x, { out, bias: mlpBias });
  if (gated) return net.gate(`${at}.gated`, layer("gate"), layer("up"), activation);
  return net.activation(`${at}.gelu`, layer("fc1"), activation);
}

export type Answers = Readonly<Record<string, Value>>;

/** The outputs of a network. With classes, its head reads `features`; default: the embedding. */
export function answers(net: Builder, embedding: Value, classes: number, features = embedding): Answers {
  if (classes === 0) return { embedding };
  return { embedding, logits: net.linear("head", features, { out: classes }) };
}

/** The same of a distilled model: the mean of two classifier heads, one on each of the first two rows. */
export function distilledAnswers(net: Builder, rows: Value, classes: number): Answers {
  // Without heads the mean is that of the rows.
  if (classes === 0) return { embedding: net.pool("pooled", rows, { count: 2 }) };
  const { embedding, logits } = answers(net, net.row(rows, 0), classes);
  const second = net.linear("head_distillation", net.row(rows, 1), { out: classes });
  return { embedding, logits: net.mean("logits", logits, second) };
}

// transformers' pooler: a layer with an activation on the class token after the last norm, which a checkpoint has or not.

import { type Fields, field, readInteger } from "../format/fields.ts";
import type { Activation } from "../tensor/activation.ts";
import type { Builder } from "./builder.ts";
import type { Dialect } from "./names.ts";
import type { Value } from "./op.ts";
import { readActivation } from "./sizes.ts";

export interface PoolerSpec {
  readonly width: number;
  readonly activation: Activation;
}

/** For models without a head; otherwise undefined. */
export function readPooler(config: Fields, head: string): PoolerSpec | undefined {
  if (head !== "embed") return undefined;
  const width = readInteger(config, "hidden_size", 1, 8192, 768);
  return {
    width: readInteger(config, "pooler_output_size", 1, 8192, width),
    activation: field(config, "pooler_act") === undefined ? "tanh" : readActivation(config, "pooler_act"),
  };
}

/** Names of a model that may have a pooler. */
export const withPoolerNames = (dialects: readonly Dialect[], pooler: PoolerSpec | undefined) =>
  pooler ? dialects.map((names) => ({ ...names, pooler: "pooler.dense" })) : dialects;

/** Without a pooler in the file, the output is the class token. */
export const POOLER = {
  tensor: "pooler.bias",
  of: ({ pooler }: { readonly pooler?: PoolerSpec }) => pooler !== undefined,
  without: <S>(spec: S): S => ({ ...spec, pooler: undefined }),
};

/** The class token as the model returns it. */
export function withPooler(net: Builder, classToken: Value, pooler: PoolerSpec | undefined): Value {
  if (!pooler) return classToken;
  const { width: out, activation } = pooler;
  return net.activation("pooler.act", net.linear("pooler", classToken, { out }), activation);
}

// The layers of a checkpoint that have another number format than the others.

import type { Quantization } from "../format/quantization-config.ts";
import type { Names } from "./names.ts";
import type { Linear, Network } from "./op.ts";

/** Replaces the modules of config.json by the names of layers, with Q, K and V separate. Omits names that are not layers. */
export function withLayers(
  { ignore, int8, ...others }: Quantization,
  { ops }: Network,
  names: Names,
): Quantization {
  const layers = ops.filter((op): op is Linear => op.kind === "linear" && !readsPixels(op));
  const named = (modules: readonly string[]) => {
    const found = new Set(modules.flatMap((module) => names.all(module)));
    const isNamed = (name: string) => found.has(name) || found.has(name.replace(PART, ".qkv"));
    return layers.map(({ name }) => name).filter(isNamed);
  };
  return { ...others, ignore: named(ignore), ...(int8 && { int8: named(int8) }) };
}

const PART = /\.(?:query|key|value)$/;

/** Whether it is the patch embedding, which multiplies the bytes of the pixels. */
export const readsPixels = ({ reads: [x] }: Linear): boolean => x.name === "patches";

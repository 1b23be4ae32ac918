// Embeddings other than the model's own, derived from its tokens.

import { checkChoice } from "../errors/check.ts";
import { UnsupportedModelError } from "../errors/errors.ts";
import type { EmbedOptions } from "./api.ts";
import type { Features } from "./engine.ts";

/**
 * The result of `embed` with `pooling` or `tokens`.
 * @param features computes all tokens of an image
 * @throws RangeError for an unknown `pooling` or a list of images; UnsupportedModelError for the class token of a model without one
 */
export async function pooledEmbedding<P>(
  name: string,
  picture: P | readonly P[],
  { pooling = "model", tokens = false }: EmbedOptions,
  features: (picture: P) => Promise<Features>,
): Promise<Features | Float32Array> {
  checkChoice("pooling", ["model", "cls", "mean"], pooling);
  if (Array.isArray(picture))
    throw new RangeError(
      "embed: expected one image with pooling or tokens, got a list. Call it for each image.",
    );
  const all = await features(picture as P);
  if (tokens) return all;
  if (pooling === "mean") return meanOf(all);
  if (all.classToken) return all.classToken;
  throw new UnsupportedModelError(
    `${name}: expected a class token for pooling "cls", got a model without one. Use pooling "mean" or "model".`,
  );
}

function meanOf({ width, height, channels, data }: Features): Float32Array {
  const sums = new Float64Array(channels);
  for (let i = 0; i < data.length; i++) sums[i % channels] += data[i];
  return Float32Array.from(sums, (sum) => sum / (width * height));
}

// Every family with each form of the non-linear functions: near its exact form, or refused by name.

import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { UnsupportedModelError } from "../../src/errors/errors.ts";
import { ImageClassifier } from "../../src/node/index.ts";
import { PENDING } from "./pending.ts";

const here = new URL(".", import.meta.url).pathname;

/** More than LayerNorm, softmax and GELU: biases of attention, windows, rotary positions, QK norm, gates, other activations, attention pooling. */
const MORE =
  /^(clip(-classifier|-vision)?|siglip(-vision)?|dinov2-swiglu|(timm-)?(beit.*|dinov3.*|swin.*)|data2vec|yolos.*|timm-(clip-quickgelu|dinov2-giant|eva02.*|siglip-so400m|vit-map|vit-qknorm))$/;
/** What is left but has means of rows or two answers side by side, which are computed in floats. */
const MEANS = /^(dinov2.*-classifier|ijepa.*|siglip-classifier|timm-vit-(avg|gap))$/;

/** With int8's exact form. The approximations of I-BERT and I-ViT are within 1 % of GELU and softmax; .9993 is the least of these models. */
const COSINE = 0.999;

const WAYS = [
  { way: { nonlinear: "fast" }, refused: () => false },
  { way: { nonlinear: "ibert" }, refused: (name: string) => MORE.test(name) },
  { way: { nonlinear: "ivit" }, refused: (name: string) => MORE.test(name) },
  { way: { integerOnly: true }, refused: (name: string) => MORE.test(name) || MEANS.test(name) },
] as const;

describe.each(readdirSync(`${here}models`).filter((name) => !PENDING.includes(name)))("%s", (name) => {
  test.each(WAYS)("$way", async ({ way, refused }) => {
    const answer = embed(name, way);
    if (refused(name)) return expect(answer).rejects.toThrow(UnsupportedModelError);
    expect(cosine(await answer, await embed(name))).toBeGreaterThan(COSINE);
  });
});

async function embed(name: string, way: object = {}): Promise<Float32Array> {
  const classifier = await ImageClassifier.load(`${here}models/${name}`, { device: "cpu", ...way });
  try {
    return await classifier.embed(`${here}picture.png`);
  } finally {
    await classifier.dispose();
  }
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

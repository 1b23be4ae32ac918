// Every family with each form of the non-linear functions: close to its exact form, or rejected with an error that names it.

import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { quantizedFolder } from "../../src/calibration/quantize-model.ts";
import { openPicture } from "../../src/classifier/picture.ts";
import { UnsupportedModelError } from "../../src/errors/errors.ts";
import { openGpu } from "../../src/gpu/gpu.ts";
import { openModel } from "../../src/node/folder.ts";
import { nodeGpu } from "../../src/node/gpu.ts";
import { ImageClassifier } from "../../src/node/index.ts";
import { readPicture } from "../../src/node/picture.ts";
import { PENDING } from "./pending.ts";

const here = new URL(".", import.meta.url).pathname;

/** More than LayerNorm, softmax and GELU: biases of attention, windows, rotary positions, QK norm, gates, other activations, attention pooling, a norm behind attention. */
const MORE =
  /^(clip(-classifier|-vision)?|siglip(-vision)?|vit-pooler|dinov2-swiglu|(timm-)?(beit.*|dinov3.*|swin.*)|data2vec|yolos.*|timm-(clip-quickgelu|dinov2-giant|eva02.*|siglip-so400m|vit-map|vit-none|vit-qknorm))$/;
/** The others have means of rows or two outputs side by side, which are computed in floats. */
const MEANS = /^(dinov2.*-classifier|ijepa.*|siglip-(classifier|headless)|timm-vit-(avg|gap))$/;

/** With int8's exact form. The approximations of I-BERT and I-ViT are within 1% of GELU and softmax; .9993 is the least of these models. */
const COSINE = 0.999;

/** A norm before the blocks, which is on the residual stream: it has no levels. */
const NORM_FIRST = /^(timm-clip|clip-projection)$/;
/** One scale for a whole tensor costs narrow random models this much; a tensor in the wrong place costs far more. */
const CALIBRATED = 0.98;

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

  test("calibrated", async () => {
    const folder = await openModel(`${here}models/${name}`);
    const pictures = [async () => openPicture(await readPicture(`${here}picture.png`))];
    const made = quantizedFolder(folder, pictures, async () => openGpu({ gpu: await nodeGpu() }), {
      method: "minmax",
      images: 1,
    });
    if (MORE.test(name) || NORM_FIRST.test(name)) return expect(made).rejects.toThrow(UnsupportedModelError);
    const pieces = [...(await made)].map(([file, some]) => [file, Buffer.concat(some)]);
    expect(cosine(await embed(Object.fromEntries(pieces)), await embed(name))).toBeGreaterThan(CALIBRATED);
  });
});

async function embed(model: string | Record<string, Uint8Array>, way: object = {}): Promise<Float32Array> {
  const source = typeof model === "string" ? `${here}models/${model}` : model;
  const classifier = await ImageClassifier.load(source, { device: "cpu", ...way });
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

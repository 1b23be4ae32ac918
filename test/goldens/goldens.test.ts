// Every family against its library: synthetic models, saved by transformers and timm, are loaded as a user would, and give the same output
// for an image as these libraries (make.py).

import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { afterAll, describe, expect, test } from "vitest";
import { dynamicFiles, readFloatModel } from "../../src/calibration/quantize.ts";
import { quantizedFiles } from "../../src/calibration/quantized-model.ts";
import { UnsupportedModelError } from "../../src/errors/errors.ts";
import { openSafetensors, toFloat32 } from "../../src/format/safetensors.ts";
import { type StoredTensor, writeSafetensors } from "../../src/format/safetensors-write.ts";
import { openModel } from "../../src/node/folder.ts";
import { ImageClassifier } from "../../src/node/index.ts";
import { PENDING } from "./pending.ts";

const here = new URL(".", import.meta.url).pathname;
const picture = `${here}picture.png`;
const names = readdirSync(`${here}models`);

const WAYS = [
  { device: "cpu", precision: "float32" },
  { device: "cpu", precision: "int8" },
  { device: "webgpu", precision: "float32" },
  { device: "webgpu", precision: "int8" },
] as const;

/**
 * Relative to the largest value. The libraries compute in f32 as vit8 does, in another order: 1e-6 for one block. The rest is the
 * preprocessing, where a byte of a pixel may be rounded the other way.
 */
const FLOAT = 1e-3;
/** DINOv3's processor resizes floats, and vit8 bytes as every other processor: each pixel is off by at most half a level of 255. */
const FLOAT_RESIZED_AS_FLOATS = 2e-2;
/** int8 against the library's float32. Narrow random models are harder to quantize than trained ones. */
const COSINE = 0.999;
const COSINE_WINDOWS_AND_BIASES = 0.998;
/** One query pools all rows of this one, so that one row of P.V is all there is of an embedding: .9988. */
const COSINE_NARROW = 0.9985;

/** A random 4-bit weight has an error of 7% of the layer's (root mean square): the test is that every tensor is in its position. */
const COSINE_OF_4_BITS = 0.9;
/** Measured: .875. The output of a model without a pool is one token. */
const COSINE_OF_4_BITS_WITHOUT_POOL = 0.85;

for (const name of names) {
  if (PENDING.includes(name)) {
    test(`${name} is refused`, async () => {
      await expect(ImageClassifier.load(`${here}models/${name}`, { device: "cpu" })).rejects.toThrow(
        UnsupportedModelError,
      );
    });
    continue;
  }
  describe(name, () => {
    test("quantized before, with the same bits", async () => {
      const folder = await openModel(`${here}models/${name}`);
      expect(await embeddingOf(await quantizedFiles(folder))).toEqual(
        await embeddingOf(`${here}models/${name}`),
      );
    });

    test("in 4 bits", async () => {
      const float = await readFloatModel(await openModel(`${here}models/${name}`));
      const answer = await embeddingOf(await dynamicFiles(float, 4));
      expect(cosine(answer, await embeddingOf(`${here}models/${name}`))).toBeGreaterThan(
        name === "timm-vit-none" ? COSINE_OF_4_BITS_WITHOUT_POOL : COSINE_OF_4_BITS,
      );
    });

    test.each(WAYS)("$device, $precision", async ({ device, precision }) => {
      const expected = await expectedOf(name);
      const classifier = await ImageClassifier.load(`${here}models/${name}`, { device, precision });
      try {
        const answer = expected.has("logits")
          ? { came: await classifier.logits(picture), wanted: expected.get("logits")! }
          : { came: await classifier.embed(picture), wanted: pooled(name, expected) };
        expect(answer.came.length).toBe(answer.wanted.length);
        const measured =
          precision === "int8" ? cosine(answer.came, answer.wanted) : worst(answer.came, answer.wanted);
        note(name, measured);
        if (precision === "int8") expect(measured).toBeGreaterThan(leastCosine(name));
        else expect(measured).toBeLessThan(mostError(name));
      } finally {
        await classifier.dispose();
      }
    });
  });
}

/** By model: the results of WAYS, for the table of docs/models.md, which `GOLDENS_TABLE=1 npx vitest run test/goldens` prints. */
const table = new Map<string, number[]>();
const note = (name: string, measured: number) => table.set(name, [...(table.get(name) ?? []), measured]);
afterAll(() => {
  if (!process.env.GOLDENS_TABLE) return;
  const rows = [...table].map(([name, [cpuFloat, cpuInt8, gpuFloat, gpuInt8]]) =>
    [
      name,
      cpuFloat?.toExponential(1),
      cpuInt8?.toFixed(5),
      gpuFloat?.toExponential(1),
      gpuInt8?.toFixed(5),
    ].join(" | "),
  );
  console.log(rows.map((row) => `| ${row} |`).join("\n"));
});

const leastCosine = (name: string) => {
  // Eight heads of eight channels: .9989.
  if (name === "siglip" || name === "timm-vit-wide") return COSINE_NARROW;
  return /swin|beit|data2vec/.test(name) ? COSINE_WINDOWS_AND_BIASES : COSINE;
};
const mostError = (name: string) => (/^dinov3/.test(name) ? FLOAT_RESIZED_AS_FLOATS : FLOAT);

async function expectedOf(name: string): Promise<Map<string, Float32Array>> {
  const bytes = await readFile(`${here}models/${name}/expected.safetensors`);
  const tensors = new Map<string, Float32Array>();
  const file = { stream: new Blob([bytes]).stream(), byteLength: bytes.length };
  for await (const { entry, bytes } of (await openSafetensors(file)).tensors())
    tensors.set(entry.name, toFloat32(entry, bytes));
  return tensors;
}

/** On the CPU, of a folder or of files in pieces. */
async function embeddingOf(model: string | ReadonlyMap<string, Uint8Array[]>): Promise<Float32Array> {
  const files =
    typeof model === "string"
      ? model
      : Object.fromEntries([...model].map(([file, pieces]) => [file, Buffer.concat(pieces)]));
  const classifier = await ImageClassifier.load(files, { device: "cpu" });
  try {
    return await classifier.embed(picture);
  } finally {
    await classifier.dispose();
  }
}

/** What the library pools; else the class token after the last norm, and without one the mean of the patches. */
function pooled(name: string, expected: Map<string, Float32Array>): Float32Array {
  const pooled = expected.get("pooled");
  if (pooled) return pooled;
  const hidden = expected.get("hidden")!;
  const width = ["siglip-headless", "timm-vit-none"].includes(name) ? 24 : 48;
  if (!["ijepa", "siglip-headless"].includes(name)) return hidden.subarray(0, width);
  const rows = hidden.length / width;
  return Float32Array.from({ length: width }, (_, c) => {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += hidden[row * width + c];
    return sum / rows;
  });
}

function worst(came: Float32Array, wanted: Float32Array): number {
  const largest = Math.max(...wanted.map(Math.abs));
  return Math.max(...came.map((value, i) => Math.abs(value - wanted[i]))) / largest;
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

describe("detect", () => {
  // As post_process_object_detection of the library: the likeliest class but the last, boxes of corners in pixels of the image.
  function objectsOf(logits: Float32Array, boxes: Float32Array, threshold: number) {
    const objects = Array.from({ length: boxes.length / 4 }, (_, i) => {
      const exps = [...logits.subarray(i * 6, i * 6 + 6)].map(Math.exp);
      const sum = exps.reduce((a, b) => a + b);
      const score = Math.max(...exps.slice(0, 5)) / sum;
      const [x, y, width, height] = boxes.subarray(4 * i, 4 * i + 4);
      const corner = { x: (x - width / 2) * 75, y: (y - height / 2) * 53 };
      const index = exps.indexOf(score * sum);
      return { index, score, box: { ...corner, width: width * 75, height: height * 53 } };
    });
    return objects.filter(({ score }) => score > threshold).sort((a, b) => b.score - a.score);
  }

  test.each(["yolos", "yolos-mid", "yolos-aspect"])("%s: as the library's boxes", async (name) => {
    const expected = await expectedOf(name);
    const wanted = objectsOf(expected.get("logits")!, expected.get("pred_boxes")!, 0.3);
    expect(wanted.length).toBeGreaterThan(1);
    for (const [device, precision, pixels] of [
      ["cpu", "float32", 0.05],
      ["webgpu", "float32", 0.05],
      ["webgpu", "int8", 3],
    ] as const) {
      const classifier = await ImageClassifier.load(`${here}models/${name}`, { device, precision });
      const objects = await classifier.detect(picture, { threshold: 0.3 });
      if (precision === "float32")
        expect(objects.map(({ index }) => index)).toEqual(wanted.map(({ index }) => index));
      for (const { index, score, box } of objects) {
        const near = wanted.filter((one) => one.index === index && Math.abs(one.score - score) < 0.03);
        const distance = (one: (typeof near)[number]) =>
          Math.max(
            ...(["x", "y", "width", "height"] as const).map((side) => Math.abs(one.box[side] - box[side])),
          );
        expect(Math.min(...near.map(distance))).toBeLessThan(pixels);
      }
      expect(await classifier.detect(picture, { threshold: 0.3, topK: 1 })).toEqual(objects.slice(0, 1));
      await expect(classifier.detect(picture, { threshold: 2 })).rejects.toThrow(RangeError);
      await expect(classifier.classify(picture)).rejects.toThrow("Use detect()");
      const { classToken, data, channels: width } = await classifier.embed(picture, { tokens: true });
      const hidden = expected.get("hidden")!;
      if (precision === "float32")
        expect(worst(data, hidden.subarray(width, width + data.length))).toBeLessThan(FLOAT);
      expect(classToken?.length).toBe(width);
      await classifier.dispose();
    }
  });

  test("a classifier detects nothing, by name", async () => {
    const classifier = await ImageClassifier.load(`${here}models/vit`, { device: "cpu" });
    await expect(classifier.detect(picture)).rejects.toThrow(UnsupportedModelError);
    await classifier.dispose();
  });
});

describe("tokens and pooling", () => {
  const models = ["dinov2", "dinov2-registers", "vit-pooler", "timm-vit-gap", "timm-swin", "ijepa"];
  test.each(models)("%s: as the library's last hidden states", async (name) => {
    const hidden = (await expectedOf(name)).get("hidden")!;
    const classifier = await ImageClassifier.load(`${here}models/${name}`, {
      device: "cpu",
      precision: "float32",
    });
    const { width, height, channels, data, classToken } = await classifier.embed(picture, { tokens: true });
    const before = hidden.length / channels - width * height;
    expect(worst(data, hidden.subarray(before * channels))).toBeLessThan(FLOAT);
    const mean = Float32Array.from({ length: channels }, (_, c) => {
      let sum = 0;
      for (let i = c; i < data.length; i += channels) sum += data[i];
      return sum / (width * height);
    });
    expect(worst(await classifier.embed(picture, { pooling: "mean" }), mean)).toBeLessThan(1e-6);
    if (before)
      expect(
        worst(await classifier.embed(picture, { pooling: "cls" }), hidden.subarray(0, channels)),
      ).toBeLessThan(FLOAT);
    else await expect(classifier.embed(picture, { pooling: "cls" })).rejects.toThrow("without one");
    expect(classToken?.length).toBe(before ? channels : undefined);
    await classifier.dispose();
  });

  test("a file without the pooler answers with the class token", async () => {
    const folder = `${here}models/vit-pooler`;
    const kept: StoredTensor[] = [];
    const bytes = await readFile(`${folder}/model.safetensors`);
    const file = { stream: new Blob([bytes]).stream(), byteLength: bytes.length };
    for await (const { entry, bytes } of (await openSafetensors(file)).tensors())
      if (!entry.name.startsWith("pooler.")) kept.push({ ...entry, bytes: bytes.slice() });
    const answer = await embeddingOf(
      new Map([
        ["config.json", [await readFile(`${folder}/config.json`)]],
        ["preprocessor_config.json", [await readFile(`${folder}/preprocessor_config.json`)]],
        ["model.safetensors", writeSafetensors(kept)],
      ]),
    );
    const classToken = (await expectedOf("vit-pooler")).get("hidden")!.subarray(0, answer.length);
    expect(cosine(answer, classToken)).toBeGreaterThan(COSINE);
  });

  test.each(["dinov2", "timm-swin"])("%s: on the GPU in int8, near to float32", async (name) => {
    const hidden = (await expectedOf(name)).get("hidden")!;
    const classifier = await ImageClassifier.load(`${here}models/${name}`, { device: "webgpu" });
    const { data } = await classifier.embed(picture, { tokens: true });
    expect(cosine(data, hidden.subarray(hidden.length - data.length))).toBeGreaterThan(0.998);
    await classifier.dispose();
  });

  test("a model that pools before its last norm refuses them by name", async () => {
    const classifier = await ImageClassifier.load(`${here}models/clip`, { device: "cpu" });
    await expect(classifier.embed(picture, { tokens: true })).rejects.toThrow(
      "CLIPModel: expected a model whose last norm",
    );
    await classifier.dispose();
  });
});

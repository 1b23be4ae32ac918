// Both towers against transformers: synthetic CLIP and SigLIP models with their tokenizers (zero_shot.py), loaded as a user would.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { quantizedFiles } from "../../src/calibration/quantized-model.ts";
import { openSafetensors, toFloat32 } from "../../src/format/safetensors.ts";
import { openModel } from "../../src/node/folder.ts";
import { ImageClassifier, ZeroShotClassifier } from "../../src/node/index.ts";
import { readTokenizer } from "../../src/text/tokenizer.ts";
import { describeText } from "../../src/text/tower.ts";
import { cosineOf, normalized } from "../../src/text/unit-length.ts";

const here = new URL("./zero-shot/", import.meta.url).pathname;
const picture = new URL("./picture.png", import.meta.url).pathname;
const names = readdirSync(here);

const WAYS = [
  { device: "cpu", precision: "float32" },
  { device: "cpu", precision: "int8" },
  { device: "webgpu", precision: "float32" },
  { device: "webgpu", precision: "int8" },
] as const;

describe.each(names)("%s", (name) => {
  const folder = here + name;
  const { texts, ids } = JSON.parse(readFileSync(`${folder}/expected.json`, "utf8"));

  test("token ids are those of transformers", async () => {
    const model = await describeText(await openModel(folder));
    const { places, fixedLength: pad } = model;
    const tokenizer = await readTokenizer(await openModel(folder), { places, pad });
    for (const [i, text] of texts.entries())
      expect(tokenizer.ids(text), JSON.stringify(text)).toEqual(ids[i]);
  });

  test.each(WAYS)("$device, $precision", async (way) => {
    const expected = await expectedOf(folder);
    const classifier = await ZeroShotClassifier.load(folder, way);
    try {
      const embeddings = await classifier.embedText(texts);
      const image = await classifier.embedImage(picture);
      const wanted = expected.get("texts")!;
      const width = wanted.length / texts.length;
      // Of f32 in another order, with a byte of a pixel rounded the other way; int8 as the images' goldens.
      const least = way.precision === "int8" ? 0.999 : 0.99999;
      const cosines = embeddings.map((one, i) =>
        classifier.similarity(one, wanted.subarray(i * width, (i + 1) * width)),
      );
      if (process.env.GOLDENS_TABLE)
        console.log(name, way, Math.min(...cosines), classifier.similarity(image, expected.get("image")!));
      for (const [i, cosine] of cosines.entries()) expect(cosine, texts[i]).toBeGreaterThan(least);
      expect(classifier.similarity(image, expected.get("image")!)).toBeGreaterThan(least);
      const logits = classifier.logits(image, embeddings);
      const largest = Math.max(...expected.get("logits")!.map(Math.abs));
      const bound = way.precision === "int8" ? 0.1 : 1e-3;
      for (const [i, logit] of logits.entries())
        expect(Math.abs(logit - expected.get("logits")![i])).toBeLessThan(bound * largest);
    } finally {
      await classifier.dispose();
    }
  });
});

test("labels are scored, kept, and averaged over templates", async () => {
  const classifier = await ZeroShotClassifier.load(`${here}clip`, { device: "cpu" });
  const all = await classifier.classify(picture, ["cat", "dog", "car"], { topK: 3 });
  expect(all.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 5);
  expect(all[0].score).toBeGreaterThanOrEqual(all[1].score);
  expect(await classifier.classify([picture, picture], ["cat", "dog", "car"], { topK: 3 })).toEqual([
    all,
    all,
  ]);
  const bad = new Blob(["no picture"]);
  const settled = await classifier.classify([bad, picture], ["cat", "dog", "car"], { settled: true });
  expect(settled).toMatchObject([{ status: "rejected" }, { status: "fulfilled", value: all }]);
  const named = await classifier.withLabels(["cat", "dog", "car"]);
  expect(named.labels).toEqual(["cat", "dog", "car"]);
  expect(await named.classify(picture)).toEqual(all);
  expect(await named.embed(picture)).toEqual(await classifier.embedImage(picture));
  for await (const { result } of named.classifyEach([{ key: 1, picture }])) expect(result).toEqual(all);
  const [one, other] = await classifier.embedText(["a {}", "the {}"].map((t) => t.replace("{}", "cat")));
  const [mean] = await classifier.embedText(["cat"], { template: ["a {}", "the {}"] });
  expect(classifier.similarity(mean, one)).toBeCloseTo(classifier.similarity(mean, other), 5);
  await expect(classifier.classify(picture, [])).rejects.toThrow(RangeError);
  await expect(classifier.embedText(["cat"], { template: "photo" })).rejects.toThrow("{}");
  await classifier.dispose();
  await expect(classifier.embedText(["hen"])).rejects.toThrow("disposed");
});

test.each(["clip", "clip-files", "siglip", "siglip2"])("%s: an int8 folder has both towers", async (name) => {
  const files = await quantizedFiles(await openModel(here + name));
  const weights = Buffer.concat(files.get("model.safetensors")!);
  expect(weights.length).toBeLessThan(0.75 * readFileSync(`${here}${name}/model.safetensors`).length);
  const contents = [...files].map(([file, pieces]) => [file, Buffer.concat(pieces)] as const);
  const answers = [];
  for (const model of [here + name, contents]) {
    const classifier = await ZeroShotClassifier.load(model, { device: "cpu" });
    const texts = await classifier.embedText(["a cat", "two dogs on a beach"]);
    answers.push([...texts, await classifier.embedImage(picture)]);
    await classifier.dispose();
  }
  // The same levels by the same arithmetic, except for floats that were f16 in one of them.
  for (const [i, embedding] of answers[0].entries())
    expect(cosineOf(embedding, answers[1][i])).toBeGreaterThan(0.99999);
});

test("a sigmoid scores each label by itself", async () => {
  const classifier = await ZeroShotClassifier.load(`${here}siglip`, { device: "cpu" });
  const image = await classifier.embedImage(picture);
  const texts = await classifier.embedText(["cat", "dog"]);
  const logits = classifier.logits(image, texts);
  classifier.score(image, texts).forEach((score, i) => {
    expect(score).toBeCloseTo(1 / (1 + Math.exp(-logits[i])), 6);
  });
  await classifier.dispose();
});

test("a model without a text tower is refused before its weights, and says what does load", async () => {
  const models = new URL("./models/", import.meta.url).pathname;
  await expect(ZeroShotClassifier.load(`${models}vit`, { device: "cpu" })).rejects.toThrow("ImageClassifier");
});

test("a CLIP whose text tower is not supported still gives its image tower, also in int8", async () => {
  const files = readdirSync(`${here}clip`).map(
    (name) => [name, readFileSync(`${here}clip/${name}`)] as const,
  );
  const config = JSON.parse(readFileSync(`${here}clip/config.json`, "utf8"));
  config.text_config.hidden_act = "mish";
  const model = { ...Object.fromEntries(files), "config.json": JSON.stringify(config) };
  const way = { device: "cpu" } as const;
  await expect(ZeroShotClassifier.load(model, way)).rejects.toThrow(
    /text tower is not supported.*ImageClassifier\.load/,
  );
  const int8 = [...(await quantizedFiles(await openModel(model)))];
  const contents = int8.map(([name, pieces]) => [name, Buffer.concat(pieces)] as const);
  const embeddings = [];
  for (const each of [model, contents]) {
    const classifier = await ImageClassifier.load(each, way);
    embeddings.push(normalized(await classifier.embed(picture)));
    await classifier.dispose();
  }
  expect(cosineOf(embeddings[0], embeddings[1])).toBeGreaterThan(0.99999);
});

async function expectedOf(folder: string): Promise<Map<string, Float32Array>> {
  const bytes = readFileSync(`${folder}/expected.safetensors`);
  const file = { stream: new Blob([bytes]).stream(), byteLength: bytes.length };
  const tensors = new Map<string, Float32Array>();
  for await (const { entry, bytes } of (await openSafetensors(file)).tensors())
    tensors.set(entry.name, toFloat32(entry, bytes));
  return tensors;
}

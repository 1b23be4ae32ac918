// Which embeddings of texts and images are cached, and which are computed; the numbers are compared with transformers' in test/goldens.
import { expect, expectTypeOf, test } from "vitest";
import type { ImageClassifier } from "../classifier/api.ts";
import { PictureEmbeddings } from "./picture-embeddings.ts";
import { TextEmbeddings } from "./text-embeddings.ts";
import type { ZeroShotClassifier } from "./zero-shot.ts";

const tokenizer = { ids: (text: string) => [...text].map((sign) => sign.charCodeAt(0)) };

function texts(onBatch = () => {}) {
  const batches: number[] = [];
  const tower = {
    async encode(texts: readonly (readonly number[])[], signal?: AbortSignal) {
      await Promise.resolve();
      signal?.throwIfAborted();
      if (texts.length > 0) batches.push(texts.length);
      onBatch();
      return texts.map(([first]) => Float32Array.of(3 * first, 4 * first));
    },
  };
  return { embeddings: new TextEmbeddings(tower, tokenizer), batches };
}

const labels = Array.from({ length: 40 }, (_, i) => `label ${i}`);

test("a changed label computes one text, and calls side by side compute each label once", async () => {
  const { embeddings, batches } = texts();
  const [one, other] = await Promise.all([embeddings.of(labels), embeddings.of(labels)]);
  expect(one).toEqual(other);
  expect(one[0][0]).toBeCloseTo(0.6, 6);
  expect(batches).toEqual([16, 16, 8]);
  await embeddings.of(labels.with(7, "changed"));
  expect(batches.slice(3)).toEqual([1]);
});

test("progress counts texts, and an abort keeps what is done by then", async () => {
  const controller = new AbortController();
  const { embeddings, batches } = texts(() => {
    if (batches.length === 2) controller.abort(new Error("enough"));
  });
  const told: number[] = [];
  const onProgress = ({ done, total }: { done: number; total: number }) => {
    told.push(done);
    expect(total).toBe(40);
  };
  const { signal } = controller;
  await expect(embeddings.of([...labels, ...labels], { signal, onProgress })).rejects.toThrow("enough");
  expect(told).toEqual([0, 16, 32]);
  await embeddings.of(labels, { onProgress });
  expect(batches).toEqual([16, 16, 8]);
  expect(told.slice(3)).toEqual([32, 40]);
});

function pictures() {
  const asked: unknown[] = [];
  const embed = async (input: unknown, { settled }: { settled?: true } = {}) => {
    if (!Array.isArray(input)) {
      asked.push(input);
      return Float32Array.of(0, 2);
    }
    asked.push(...input);
    if (!settled) return input.map(() => Float32Array.of(0, 2));
    return input.map((picture) =>
      (picture as Blob).size === 0
        ? { status: "rejected", reason: new Error("empty") }
        : { status: "fulfilled", value: Float32Array.of(0, 2) },
    );
  };
  const images = { embed } as unknown as ImageClassifier<unknown>;
  return { embeddings: new PictureEmbeddings<unknown>(images), asked };
}

test("a Blob is looked at once, pixels that may change each time", async () => {
  const { embeddings, asked } = pictures();
  const [blob, pixels] = [new Blob(["a"]), { width: 1, height: 1, data: new Uint8ClampedArray(4) }];
  const first = await embeddings.of(blob, {});
  first.fill(9);
  expect(await embeddings.of(blob, {})).toEqual(Float32Array.of(0, 1));
  await embeddings.of(pixels, {});
  await embeddings.of(pixels, {});
  expect(asked).toEqual([blob, pixels, pixels]);
  await embeddings.ofMany([blob, blob], {});
  expect(asked.length).toBe(3);
});

test("of many with a bad one, each has its own result, and what is kept is not asked for", async () => {
  const { embeddings, asked } = pictures();
  const [kept, bad, fresh] = [new Blob(["a"]), new Blob([]), new Blob(["b"])];
  await embeddings.of(kept, {});
  const results = await embeddings.settled([bad, kept, fresh], {});
  expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
  expect(asked).toEqual([kept, bad, fresh]);
});

test("no more than 1,000 pictures are kept", async () => {
  const { embeddings, asked } = pictures();
  const blobs = Array.from({ length: 1001 }, (_, i) => new Blob([String(i)]));
  await embeddings.ofMany(blobs, {});
  await embeddings.of(blobs[1], {});
  expect(asked.length).toBe(1001);
  await embeddings.of(blobs[0], {});
  expect(asked.length).toBe(1002);
});

test("a wrong image is compared with one image, in the last overload", () => {
  expectTypeOf<Parameters<ZeroShotClassifier<string>["classify"]>[0]>().toEqualTypeOf<string>();
});

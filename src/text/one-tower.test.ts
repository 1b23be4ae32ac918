// Of a model of two towers on a server, a load requests the bytes of the tower that it needs.

import { readdirSync, readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LocalClassifier, pagePlatform } from "../classifier/local-classifier.ts";
import { openSafetensors, type StoredTensor, writeSafetensors } from "../format/safetensors.ts";
import { ImageClassifier, ZeroShotClassifier } from "../node/index.ts";
import { type Answer, type FileServer, notFound, serveFiles } from "../testing/file-server.ts";
import { stubCache } from "../testing/kept-cache.ts";

const golden = new URL("../../test/goldens/zero-shot/clip/", import.meta.url).pathname;
const picture = new URL("../../test/goldens/picture.png", import.meta.url).pathname;
const WEIGHTS = "model.safetensors";
/** What a load reads of a file before it knows what it needs. */
const HEAD_BYTES = 2 ** 17;
const ROWS = 60_000;
const device = "cpu";

/** The golden CLIP with a table of 60,000 tokens, and 2 MB after both towers that no tower needs. */
async function largeClip() {
  const names = readdirSync(golden).filter((name) => name !== WEIGHTS && !name.startsWith("expected"));
  const files = new Map<string, string | Uint8Array>(names.map((name) => [name, read(name)]));
  const config = JSON.parse(String(files.get("config.json")));
  config.text_config.vocab_size = ROWS;
  files.set("config.json", JSON.stringify(config));
  const bytes = read(WEIGHTS);
  const opened = await openSafetensors({ stream: new Blob([bytes]).stream(), byteLength: bytes.length });
  const tensors: StoredTensor[] = [];
  for await (const { entry, bytes } of opened.tensors()) tensors.push({ ...entry, bytes });
  const table = tensors.find(({ name }) => name.endsWith("token_embedding.weight"))!;
  const larger = new Uint8Array(ROWS * 64);
  larger.set(table.bytes);
  Object.assign(table, { shape: [ROWS, 32], bytes: larger });
  tensors.push({ name: "z.optimizer", dtype: "U8", shape: [2e6], bytes: new Uint8Array(2e6) });
  return { files, tensors };
}
const read = (name: string) => readFileSync(golden + name);
const { files, tensors } = await largeClip();
const whole = Buffer.concat(writeSafetensors(tensors));
const isOfImages = ({ name }: StoredTensor) => /^visi|^visual/.test(name);
const bytesOf = (some: readonly StoredTensor[]) => some.reduce((sum, { bytes }) => sum + bytes.length, 0);
const imageBytes = bytesOf(tensors.filter(isOfImages));
const textBytes = bytesOf(tensors) - 2e6 - imageBytes;

let server: FileServer;
const serve = async (weights: Record<string, string | Uint8Array | Answer>, ranges = true) => {
  const all = Object.entries({ ...Object.fromEntries(files), ...weights });
  const paths = all.map(([name, content]) => [`o/clip/resolve/main/${name}`, content] as const);
  server = await serveFiles(Object.fromEntries(paths), notFound, ranges);
};
/** Sent since the last call, by file. */
function sent(): Record<string, number[]> {
  const bytes: Record<string, number[]> = {};
  for (const { path, byteLength } of server.requests.splice(0)) {
    const name = path.split("/").at(-1)!;
    if (name.endsWith(".safetensors") && byteLength > 2) bytes[name] = [...(bytes[name] ?? []), byteLength];
  }
  return bytes;
}
beforeEach(() => serve({ [WEIGHTS]: whole }));
afterEach(() => {
  server.close();
  vi.unstubAllGlobals();
});
const options = () => ({ device, endpoint: server.address }) as const;

async function imageOf(model: Parameters<typeof ImageClassifier.load>[0]): Promise<Float32Array> {
  const classifier = await ImageClassifier.load(model, typeof model === "string" ? options() : { device });
  const embedding = await classifier.embed(picture);
  await classifier.dispose();
  return embedding;
}
const inMemory = (weights: Uint8Array) => new Map([...files, [WEIGHTS, weights]]);
const expected = await imageOf(inMemory(whole));

test("an image tower alone: the header and its own bytes", async () => {
  const progress: (number | undefined)[][] = [];
  const classifier = await ImageClassifier.load("o/clip", {
    ...options(),
    onProgress: ({ file, loaded, total }) => file === WEIGHTS && progress.push([loaded, total]),
  });
  expect(await classifier.embed(picture)).toEqual(expected);
  await classifier.dispose();
  expect(sent()).toEqual({ [WEIGHTS]: [HEAD_BYTES, imageBytes] });
  expect(progress.at(-1)).toEqual([imageBytes, imageBytes]);
});

test("both towers: the bytes of each once", async () => {
  const classifier = await ZeroShotClassifier.load("o/clip", options());
  const embeddings = [...(await classifier.embedText(["a cat"])), await classifier.embedImage(picture)];
  await classifier.dispose();
  expect(sent()).toEqual({ [WEIGHTS]: [HEAD_BYTES, imageBytes, HEAD_BYTES, textBytes] });
  const local = await ZeroShotClassifier.load(inMemory(whole), { device });
  expect(embeddings).toEqual([...(await local.embedText(["a cat"])), await local.embedImage(picture)]);
  await local.dispose();
});

test("from a server without Range, the whole file once", async () => {
  server.close();
  await serve({ [WEIGHTS]: whole }, false);
  expect(await imageOf("o/clip")).toEqual(expected);
  expect(sent()).toEqual({ [WEIGHTS]: [whole.length] });
});

test("of shards, those that have the tower", async () => {
  const parts = { "a.safetensors": (one: StoredTensor) => !isOfImages(one), "b.safetensors": isOfImages };
  const shards = Object.entries(parts).map(
    ([name, has]) => [name, Buffer.concat(writeSafetensors(tensors.filter(has)))] as const,
  );
  const weight_map = Object.fromEntries(
    tensors.map((one) => [one.name, isOfImages(one) ? "b.safetensors" : "a.safetensors"]),
  );
  server.close();
  await serve({
    ...Object.fromEntries(shards),
    "model.safetensors.index.json": JSON.stringify({ weight_map }),
  });
  expect(await imageOf("o/clip")).toEqual(expected);
  const [, [, images]] = shards;
  const head = Math.min(HEAD_BYTES, images.length);
  expect(sent()).toEqual({ "a.safetensors": [HEAD_BYTES], "b.safetensors": [head, head, imageBytes] });
});

test("a header longer than the first request", async () => {
  const many = Array.from({ length: 2000 }, (_, i) => {
    return { name: `more.${i}`.padEnd(80, "."), dtype: "U8", shape: [1], bytes: new Uint8Array(1) } as const;
  });
  const file = Buffer.concat(writeSafetensors([...tensors, ...many]));
  server.close();
  await serve({ [WEIGHTS]: file });
  expect(await imageOf("o/clip")).toEqual(expected);
  const rest = 8 + Number(file.readBigUInt64LE()) - HEAD_BYTES;
  expect(sent()).toEqual({ [WEIGHTS]: [HEAD_BYTES, rest, imageBytes] });
});

/** A response with a part of a file, which `change` may modify. */
const parts =
  (change: (part: Buffer, begin: number, response: ServerResponse) => Buffer | undefined): Answer =>
  ({ headers }, response) => {
    const [, begin, last] = /^bytes=(\d+)-(\d*)$/.exec(headers.range!)!.map(Number);
    const part = whole.subarray(begin, last + 1);
    response.setHeader("etag", '"file"').setHeader("content-length", part.length);
    const changed = change(part, begin, response);
    response.writeHead(206);
    if (changed) response.end(changed);
    else response.write(part.subarray(0, part.length / 2), () => setTimeout(() => response.destroy(), 5));
  };

test("a part that breaks off is resumed where it stopped", async () => {
  const begins: number[] = [];
  server.close();
  await serve({
    [WEIGHTS]: parts((part, begin) => {
      begins.push(begin);
      return begins.length === 2 ? undefined : part;
    }),
  });
  expect(await imageOf("o/clip")).toEqual(expected);
  expect(begins).toHaveLength(3);
  expect(begins[2]).toBeGreaterThan(begins[1]);
});

test("a part that is too short is refused", async () => {
  server.close();
  await serve({
    [WEIGHTS]: parts((part, begin, response) => {
      if (begin === 0) return part;
      response.setHeader("content-length", part.length - 8);
      return part.subarray(8);
    }),
  });
  await expect(imageOf("o/clip")).rejects.toThrow(/expected \d+ bytes, got \d+/);
});

test("a file that changes between two parts is refused", async () => {
  server.close();
  await serve({
    [WEIGHTS]: parts((part, begin, response) => {
      response.setHeader("etag", `"${begin}"`);
      return part;
    }),
  });
  await expect(imageOf("o/clip")).rejects.toThrow("model.safetensors: changed on the server");
});

describe("in a browser that keeps files", () => {
  let kept: ReturnType<typeof stubCache>;
  beforeEach(() => {
    vi.unstubAllGlobals();
    kept = stubCache();
  });
  const pixels = { width: 32, height: 32, rgba: new Uint8ClampedArray(32 * 32 * 4).map((_, i) => i * 7) };
  const inPage = async (signal?: AbortSignal) => {
    const classifier = await LocalClassifier.loadOn(pagePlatform, "o/clip", { ...options(), signal });
    const embedding = await classifier.embed(pixels);
    await classifier.dispose();
    return embedding;
  };
  const keptWeights = () =>
    [...kept].flatMap(([key, { body }]) =>
      key.includes(WEIGHTS) ? [[key.split("/").at(-1), body.length]] : [],
    );

  test("parts are kept as parts, and the next load requests nothing", async () => {
    const embedding = await inPage();
    expect(sent()).toEqual({ [WEIGHTS]: [HEAD_BYTES, imageBytes] });
    const at = whole.length - 2e6 - imageBytes;
    const keys = [`0-${HEAD_BYTES}`, `${at}-${at + imageBytes}`];
    expect(keptWeights()).toEqual([
      [`${WEIGHTS}?${keys[0]}`, HEAD_BYTES],
      [`${WEIGHTS}?${keys[1]}`, imageBytes],
    ]);
    expect(await inPage()).toEqual(embedding);
    expect(sent()).toEqual({});
  });

  test("a kept head of an older file is dropped with it", async () => {
    await inPage();
    const [[head], [images]] = [...kept].filter(([key]) => key.includes(WEIGHTS));
    kept.delete(images);
    kept.get(head)!.headers = [
      ["etag", '"old"'],
      ["content-range", "bytes"],
    ];
    sent();
    await inPage();
    expect(sent()).toEqual({ [WEIGHTS]: [imageBytes, HEAD_BYTES, imageBytes] });
  });
});

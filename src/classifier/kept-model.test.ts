// A model that the browser keeps: loaded without the network, dropped where it is damaged or no longer the server's.

import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { acquireGpu, releaseGpu } from "../gpu/shared.ts";
import { nodeGpu } from "../node/gpu.ts";
import { serveFaults, WEIGHTS } from "../testing/faulty-server.ts";
import { hurry } from "../testing/hurry.ts";
import { stubCache } from "../testing/kept-cache.ts";
import type { Platform } from "./api.ts";
import { LocalClassifier, pagePlatform } from "./local-classifier.ts";
import { madeUpPicture, madeUpTensors, PLAIN, timmFiles } from "./made-up-vit.shared.ts";
import type { Picture } from "./picture.ts";

const platform: Platform<Picture> = { ...pagePlatform, gpu: nodeGpu, sliceMs: undefined };
const gpu = await acquireGpu({ gpu: await nodeGpu() });
const picture = madeUpPicture(PLAIN);
const [files, otherFiles] = [1, 2].map((seed) => timmFiles(PLAIN, madeUpTensors(PLAIN, seed)));
const server = await serveFaults(files);
afterAll(() => {
  server.close();
  releaseGpu(gpu);
});

async function logitsOf(model: string | typeof files): Promise<Float32Array> {
  const classifier = await LocalClassifier.loadOn(platform, model, { device: "webgpu" });
  const logits = await classifier.logits(picture);
  await classifier.dispose();
  return logits;
}
const expected = await logitsOf(files);
const address = (file: string) => `${server.folder()}/${file}`;
/** Requests since the last call, those for a first byte apart. */
const asked = () => server.requests.splice(0).filter((line) => !line.endsWith("bytes=0-1"));

const isKeptWhole = (url: string) => Buffer.compare(kept.get(url)!.body, files[WEIGHTS]) === 0;
let kept: ReturnType<typeof stubCache>;
let room: { byteLength: number };
beforeEach(() => {
  room = { byteLength: Number.POSITIVE_INFINITY };
  kept = stubCache(room);
  hurry();
  asked();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  server.change(files);
});

test("the second load asks for nothing, a file that there is not included", async () => {
  expect(await logitsOf(server.folder())).toEqual(expected);
  expect(asked()).toHaveLength(3);
  expect(await logitsOf(server.folder())).toEqual(expected);
  expect(asked()).toEqual([]);
  expect(isKeptWhole(address(WEIGHTS))).toBe(true);
  expect(kept.get(address("preprocessor_config.json"))?.status).toBe(404);
});

test("loads at the same time share one download, and so does one that comes later", async () => {
  const loads = await Promise.all([1, 2, 3].map(() => logitsOf(server.folder())));
  for (const logits of loads) expect(logits).toEqual(expected);
  expect(asked().sort()).toEqual([
    "GET /sound/config.json",
    "GET /sound/model.safetensors",
    "GET /sound/preprocessor_config.json",
  ]);
});

test("an aborted load hands the download on to the one that waits", async () => {
  const controller = new AbortController();
  const onProgress = ({ loaded = 0 }) => loaded > 0 && controller.abort(new Error("enough"));
  const first = LocalClassifier.loadOn(platform, server.folder(), {
    device: "webgpu",
    signal: controller.signal,
    onProgress,
  });
  const second = logitsOf(server.folder());
  await expect(first).rejects.toThrow("enough");
  expect(await second).toEqual(expected);
});

test.each([0, 2000])("with room for %i bytes it loads all the same", async (byteLength) => {
  room.byteLength = byteLength;
  expect(await logitsOf(server.folder())).toEqual(expected);
  expect(kept.has(address(WEIGHTS))).toBe(false);
});

const cut = (bytes: Uint8Array) => bytes.slice(0, bytes.length / 2);
const scribbled = (bytes: Uint8Array) => bytes.map((byte, i) => (i < 64 ? byte ^ 255 : byte));
const empty = () => new Uint8Array();
test.each([
  ["cut weights", WEIGHTS, cut],
  ["scribbled weights", WEIGHTS, scribbled],
  ["empty weights", WEIGHTS, empty],
  ["a cut config", "config.json", cut],
  ["an empty config", "config.json", empty],
])("%s in the cache are fetched anew", async (_, file, damage) => {
  await logitsOf(server.folder());
  const entry = kept.get(address(file))!;
  const whole = entry.body;
  entry.body = damage(whole) as typeof whole;
  asked();
  expect(await logitsOf(server.folder())).toEqual(expected);
  // Weights that are not a safetensors file count as missing, and then shards are requested.
  expect(asked().filter((line) => !line.includes("index.json"))).toHaveLength(3);
  expect(Buffer.compare(kept.get(address(file))!.body, whole)).toBe(0);
});

test("a file noted as absent, which is there now, is fetched", async () => {
  await logitsOf(server.folder());
  kept.set(address("config.json"), { status: 404, headers: [], body: empty() });
  expect(await logitsOf(server.folder())).toEqual(expected);
});

test("a model that changed on the server is fetched by the load after the next", async () => {
  await logitsOf(server.folder());
  server.change(otherFiles, '"two"');
  asked();
  expect(await logitsOf(server.folder())).toEqual(expected);
  await vi.waitFor(() => expect(kept.size).toBe(0));
  expect(asked()).toEqual([]);
  expect(await logitsOf(server.folder())).toEqual(await logitsOf(otherFiles));
});

test.each([
  "broken off for ever",
  "shorter than its header says",
  "a web page for the weights",
  "another file after the break",
])("of a load that fails nothing is kept: %s", async (fault) => {
  await expect(logitsOf(server.folder(fault))).rejects.toThrow();
  expect([...kept.keys()].filter((url) => url.endsWith(WEIGHTS))).toEqual([]);
});

test("a download that broke and went on is kept whole", async () => {
  server.forget();
  expect(await logitsOf(server.folder("broken off at half"))).toEqual(expected);
  expect(isKeptWhole(`${server.folder("broken off at half")}/${WEIGHTS}`)).toBe(true);
});

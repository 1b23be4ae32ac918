// A model from a server that misbehaves: it loads and runs as from files, or ends in a typed error without leaks.

import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ModelFormatError, Vit8Error } from "../errors/errors.ts";
import { acquireGpu, releaseGpu } from "../gpu/shared.ts";
import { nodeGpu } from "../node/gpu.ts";
import { REFUSED, SURVIVED, serveFaults, WEIGHTS } from "../testing/faulty-server.ts";
import { hurry } from "../testing/hurry.ts";
import type { LoadOptions, Platform } from "./api.ts";
import { LocalClassifier, pagePlatform } from "./local-classifier.ts";
import { madeUpPicture, madeUpTensors, PLAIN, shardsOf, timmFiles } from "./made-up-vit.shared.ts";
import type { Picture } from "./picture.ts";

const platform: Platform<Picture> = { ...pagePlatform, gpu: nodeGpu, sliceMs: undefined };
const gpu = await acquireGpu({ gpu: await nodeGpu() });
const files = timmFiles(PLAIN, madeUpTensors(PLAIN));
const picture = madeUpPicture(PLAIN);
const server = await serveFaults(files);
afterAll(() => {
  server.close();
  releaseGpu(gpu);
});

let waits: number[] = [];
let before = 0;
beforeEach(() => {
  waits = hurry();
  before = gpu.bytes;
});
afterEach(() => {
  vi.restoreAllMocks();
  expect(gpu.bytes).toBe(before);
});

async function logitsOf(model: string | typeof files, options: LoadOptions = {}): Promise<Float32Array> {
  const classifier = await LocalClassifier.loadOn(platform, model, { device: "webgpu", ...options });
  const logits = await classifier.logits(picture);
  await classifier.dispose();
  return logits;
}
const expected = await logitsOf(files);

test.each(Object.keys(SURVIVED))("survived: %s", async (fault) => {
  expect(await logitsOf(server.folder(fault))).toEqual(expected);
});

test.each(Object.entries(REFUSED))("refused: %s", async (fault, { lost }) => {
  const error = await logitsOf(server.folder(fault)).catch((reason) => reason);
  expect(error).toBeInstanceOf(Vit8Error);
  expect(error.message).toMatch(lost!);
  expect(error.message).not.toContain("\n");
});

test.each([
  ["no server", "http://127.0.0.1:1/model", /no answer/],
  ["an unknown host", "http://nowhere.invalid/model", /no answer/],
])("refused: %s", async (_, address, message) => {
  await expect(logitsOf(address)).rejects.toThrow(message);
});

describe("waits", () => {
  /** Guards against silence: of a server, of opening a GPU, of a GPU. */
  const GUARDS = [30_000, 15_000, 120_000];
  /** The waits of a load, without the guards. */
  const waitsOf = async (fault: string) => {
    await logitsOf(server.folder(fault)).catch(() => {});
    return waits.filter((ms) => !GUARDS.includes(ms));
  };

  test("grow from half a second, each by up to a quarter more or less", async () => {
    const asked = await waitsOf("503 for ever");
    const steps = [500, 1000, 2000, 4000];
    expect(asked).toHaveLength(4);
    for (const [i, ms] of asked.entries()) {
      expect(ms).toBeGreaterThanOrEqual(0.75 * steps[i]);
      expect(ms).toBeLessThanOrEqual(1.25 * steps[i]);
    }
  });

  test("are as long as Retry-After says, up to a minute", async () => {
    server.forget();
    expect(await waitsOf("429 with Retry-After in seconds")).toEqual([3000]);
    expect(await waitsOf("429 with Retry-After of an hour")).toEqual([3000]);
  });

  test("are two where no answer comes at all", async () => {
    expect(await waitsOf("the connection reset for ever")).toHaveLength(2);
  });

  test("end with an abort", async () => {
    const controller = new AbortController();
    vi.restoreAllMocks();
    setTimeout(() => controller.abort(new Error("enough")), 200);
    const loaded = logitsOf(server.folder("503 for ever"), { signal: controller.signal });
    await expect(loaded).rejects.toThrow("enough");
  });
});

test("what came before a break is not asked for again", async () => {
  server.forget();
  server.requests.length = 0;
  await logitsOf(server.folder("broken off at half"));
  const half = files[WEIGHTS].length >> 1;
  expect(server.requests.filter((line) => line.includes(WEIGHTS))).toEqual([
    `GET /broken off at half/${WEIGHTS}`,
    `GET /broken off at half/${WEIGHTS} bytes=${half}-`,
  ]);
});

test("shards answer as one file", async () => {
  const sharded = await serveFaults(shardsOf(files));
  expect(await logitsOf(sharded.folder())).toEqual(expected);
  sharded.close();
});

test("weights that are whole and well-formed, but not those asked for, leave nothing", async () => {
  const integrity = `sha256-${"A".repeat(43)}=`;
  await expect(logitsOf(server.folder(), { integrity })).rejects.toThrow(ModelFormatError);
  await expect(logitsOf(server.folder(), { integrity: "md5-0" })).rejects.toThrow(RangeError);
});

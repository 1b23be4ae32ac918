// Twenty thousand damaged models: each loads or ends in a typed error, soon, in bounded memory, and leaves nothing.

import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { observe } from "../calibration/observations.ts";
import { calibratedFiles, dynamicFiles, readFloatModel } from "../calibration/quantize.ts";
import { quantizedFiles } from "../calibration/quantized-model.ts";
import { Vit8Error } from "../errors/errors.ts";
import { openFilesFolder } from "../format/files-folder.ts";
import type { ModelFolder } from "../format/folder.ts";
import { parseSafetensorsHeader } from "../format/safetensors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { acquireGpu, releaseGpu } from "../gpu/shared.ts";
import { arithmeticOf } from "../lower/arithmetic.ts";
import { programOf } from "../lower/program-of.ts";
import { nodeGpu } from "../node/gpu.ts";
import { uploadWeights } from "./gpu-device.ts";
import {
  type MadeUpVit,
  madeUpPicture,
  madeUpTensors,
  timmFiles,
  transformersFiles,
} from "./made-up-vit.shared.ts";
import { describeModel, type ModelDescription, storedTensors } from "./model.ts";
import { openPicture } from "./picture.ts";

/** As in a session; `onWeight` is called for each weight. */
const loadOn = async (
  gpu: Gpu,
  folder: ModelFolder,
  model: ModelDescription,
  onWeight: (name: string, data: Int8Array | Float32Array) => void = () => {},
) => {
  const program = await programOf(model, arithmeticOf({}));
  program.graph(1);
  async function* told() {
    for await (const packed of program.pack(storedTensors(folder, model, {}))) {
      onWeight(packed[0], packed[1] as Int8Array | Float32Array);
      yield packed;
    }
  }
  return uploadWeights(gpu, model.id, told());
};

/** A GPU that only counts its resources. */
class CountingGpu {
  readonly held = new Set<object>();
  buffer(_: string, size: number): object {
    const buffer = { size };
    this.held.add(buffer);
    return buffer;
  }
  write(): void {}
  guarded<T>(_: string, work: () => T): T {
    return work();
  }
  release(...released: object[]): void {
    for (const buffer of released) this.held.delete(buffer);
  }
}

type Files = Record<string, string | Uint8Array>;
const WEIGHTS = "model.safetensors";

const small: MadeUpVit = {
  ...{ width: 32, heads: 1, depth: 1, mlpWidth: 32, side: 8, patch: 4, classes: 3 },
  ...{ qkvBias: true, layerScale: false, prefixTokens: 1, headsCount: 1 },
};
const tensors = madeUpTensors(small);
const timm: Files = timmFiles(small, tensors);
const transformers: Files = transformersFiles(small, tensors, "F16");
const int8Pieces = await quantizedFiles(openFilesFolder(timm));
const whole = (files: Map<string, Uint8Array[]>): Files =>
  Object.fromEntries([...files].map(([name, pieces]) => [name, new Uint8Array(Buffer.concat(pieces))]));
const int8 = whole(int8Pieces);
const packed = whole(await dynamicFiles(await readFloatModel(openFilesFolder(timm)), 4));
const device = await acquireGpu({ gpu: await nodeGpu() });
const observations = await observe(device, openFilesFolder(timm), [() => openPicture(madeUpPicture(small))]);
releaseGpu(device);
const levelled = whole(await calibratedFiles(observations, { method: "repq", bits: "w4a8" }));
/** Two files of each family that is not a plain ViT, as the libraries save them. */
const FAMILIES = [
  ...[
    "vit-pooler",
    "timm-vit-qknorm",
    "dinov2-registers",
    "dinov2-swiglu",
    "dinov3",
    "dinov3-gated",
    "data2vec",
  ],
  ...[
    "beit",
    "beit-shared",
    "timm-eva02-clip",
    "timm-eva02-enormous",
    "clip-vision",
    "clip-classifier",
    "yolos-mid",
  ],
  ...[
    "siglip-headless",
    "siglip-classifier",
    "swin-padded",
    "timm-swin-padded",
    "swinv2-padded",
    "yolos-aspect",
  ],
];
const goldens = FAMILIES.map((name): Files => {
  const folder = new URL(`../../test/goldens/models/${name}/`, import.meta.url);
  const kept = readdirSync(folder).filter((file) => file !== "expected.safetensors");
  return Object.fromEntries(
    kept.map((file) => {
      const bytes = readFileSync(new URL(file, folder));
      return [file, file.endsWith(".json") ? bytes.toString() : new Uint8Array(bytes)];
    }),
  );
});
const corpus = [timm, transformers, int8, packed, levelled, ...goldens];
const textOf = (content: string | Uint8Array) =>
  typeof content === "string" ? content : new TextDecoder().decode(content);

/** The largest that the sound model needs, and no mutant of its few kilobytes may need much more. */
const MOST_BYTES = 64 * 2 ** 20;
/** A sound one takes 2 ms; machines that run the tests pause. */
const LONGEST_MS = 2000;

const outcomes = new Map<string, number>();
let longestMs = 0;
let mostBytes = 0;
afterAll(() => {
  const files = [...outcomes.values()].reduce((a, b) => a + b, 0);
  const kinds = [...outcomes].map(([kind, count]) => `${count} ${kind}`).join(", ");
  console.log(
    `${files} mutated files: ${kinds}; at most ${longestMs.toFixed()} ms and ${(mostBytes / 1e6).toFixed(1)} MB`,
  );
});

/** Loads as a classifier does, with a GPU that only counts; returns the buffers' names and sizes, undefined if the load fails. */
async function load(files: Files, isFirst = false): Promise<string | undefined> {
  const start = performance.now();
  const weights: string[] = [];
  let byteLength = 0;
  const gpu = new CountingGpu();
  try {
    const folder = openFilesFolder(files);
    await loadOn(gpu as unknown as Gpu, folder, await describeModel(folder), (name, data) => {
      weights.push(`${name} ${data.byteLength}`);
      byteLength += data.byteLength;
    });
    count("loaded");
    return weights.sort().join();
  } catch (error) {
    if (!(error instanceof Vit8Error)) throw error;
    expect(error.message).not.toMatch(/[\n\r]/);
    expect(error.message.length).toBeLessThan(1000);
    expect(gpu.held.size).toBe(0);
    count(error.name);
    return undefined;
  } finally {
    // The first of a family waits for its modules.
    if (!isFirst) longestMs = Math.max(longestMs, performance.now() - start);
    mostBytes = Math.max(mostBytes, byteLength);
    expect(longestMs).toBeLessThan(LONGEST_MS);
    expect(mostBytes).toBeLessThan(MOST_BYTES);
  }
}

function count(outcome: string): void {
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
}

const sound: (string | undefined)[] = [];
for (const files of corpus) sound.push(await load(files, true));

test.each([
  ["timm", timm],
  ["transformers", transformers],
  ["int8", int8],
  ["4-bit", packed],
  ["calibrated", levelled],
])("the sound %s model loads", async (_, files) => {
  expect(await load(files)).toContain("head.weight");
});

test.each(FAMILIES.map((name, i) => [name, goldens[i]] as const))("the sound %s loads", async (_, files) => {
  expect(await load(files)).toContain("patch.weight");
});

/** What no writer writes. */
const nasty = fc.oneof(
  fc.constantFrom<unknown>(
    ...[0, -0, -1, 1, 2, 7, 0.5, 1e9, 2 ** 31, 2 ** 32 + 1, 2 ** 53, 2 ** 63, 1e308, -1e308, 1e-320],
    ...["", "F32", "I8", "NaN", "Infinity", "__proto__", "constructor", "<img src=x onerror=alert(1)>"],
    ...[null, true, false, [], {}, [0, 0], [0, 2 ** 53], [8, 4], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]],
    ...["x".repeat(100_000), Array(10_000).fill(0), nested(300), { length: 1e9 }, { toString: 1 }],
  ),
  fc.jsonValue({ maxDepth: 3 }),
);
const nastyKey = fc.constantFrom(
  ...["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "", "0", "length", "then"],
);

function nested(depth: number): unknown {
  return JSON.parse("[".repeat(depth) + "]".repeat(depth));
}

/** One change to a JSON document: a value replaced, removed, doubled, moved or joined by a strange key. */
const edit = fc.record({
  at: fc.nat(),
  how: fc.constantFrom("replace", "replace", "remove", "copy", "add"),
  from: fc.nat(),
  key: nastyKey,
  value: nasty,
});
const edits = fc.array(edit, { minLength: 1, maxLength: 4 });
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

function edited(text: string, changes: readonly Edit[]): string {
  const root = { json: JSON.parse(text) };
  for (const { at, how, from, key, value: shared } of changes) {
    const value = structuredClone(shared);
    const places = placesIn(root);
    if (places.length === 0) break;
    const [parent, name] = places[at % places.length];
    const [otherParent, otherName] = places[from % places.length];
    if (how === "remove") delete parent[name];
    else if (how === "copy") parent[name] = structuredClone(otherParent[otherName]);
    else if (how === "replace") parent[name] = value;
    else if (Array.isArray(parent)) parent.push(value);
    else Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return JSON.stringify(root.json) ?? "";
}

type Json = Record<string, unknown>;

/** Every value of a document by its parent and name, a thousand at most. */
function placesIn(root: Json): [Json, string][] {
  const places: [Json, string][] = [];
  const walk = [root];
  for (const node of walk)
    for (const name of Object.keys(node)) {
      if (places.length > 1000) return places;
      places.push([node, name]);
      const value = node[name];
      if (typeof value === "object" && value !== null) walk.push(value as Json);
    }
  return places;
}

const byteEdits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 });
/** Where a file is cut, or how much is added; mostly neither. */
const resize = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: -5000, max: 100 }));

function damaged(bytes: Uint8Array, changes: readonly (readonly [number, number])[], by: number): Uint8Array {
  const copy = new Uint8Array(Math.max(0, bytes.length + by));
  copy.set(bytes.subarray(0, copy.length));
  for (const [at, value] of changes) if (copy.length) copy[at % copy.length] = value;
  return copy;
}

function withHeader(
  file: Uint8Array,
  header: string,
  claimedBytes = new TextEncoder().encode(header).length,
) {
  const { dataOffset } = parseSafetensorsHeader(file, file.length);
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt.asUintN(64, BigInt(claimedBytes)), true);
  return new Uint8Array(
    Buffer.concat([new Uint8Array(length.buffer), Buffer.from(header), file.subarray(dataOffset)]),
  );
}

function headerOf(file: Uint8Array): string {
  const { dataOffset } = parseSafetensorsHeader(file, file.length);
  return new TextDecoder().decode(file.subarray(8, dataOffset));
}

/** By number: a counterexample is to be read. */
const base = fc.oneof(
  // Those that load in 2 ms, and the families, which take ten times as long.
  { weight: 5, arbitrary: fc.nat(corpus.length - goldens.length - 1) },
  { weight: 1, arbitrary: fc.integer({ min: corpus.length - goldens.length, max: corpus.length - 1 }) },
);
const RUNS = { seed: 20_261_123, endOnFailure: true };
const weightsOf = (files: Files) => files[WEIGHTS] as Uint8Array;

test("6,000 edited configs", async () => {
  const name = fc.constantFrom("config.json", "config.json", "preprocessor_config.json");
  const property = fc.asyncProperty(base, name, edits, async (model, which, changes) => {
    const files = corpus[model];
    const file = which in files ? which : "config.json";
    await load({ ...files, [file]: edited(textOf(files[file]), changes) });
  });
  await fc.assert(property, { ...RUNS, numRuns: 6000 });
});

test("4,000 configs with damaged bytes", async () => {
  const property = fc.asyncProperty(base, byteEdits, resize, async (model, changes, by) => {
    const files = corpus[model];
    const bytes = new TextEncoder().encode(textOf(files["config.json"]));
    await load({ ...files, "config.json": damaged(bytes, changes, Math.trunc(by / 10)) });
  });
  await fc.assert(property, { ...RUNS, numRuns: 4000 });
});

/** For a model whose config is valid, either all buffers are created or none. */
async function loadWhole(model: number, weights: Uint8Array): Promise<void> {
  const buffers = await load({ ...corpus[model], [WEIGHTS]: weights });
  if (buffers) expect(buffers).toBe(sound[model]);
}

test("6,000 edited headers of weights", async () => {
  const claim = fc.option(fc.constantFrom(0, 1, 2, 7, 2 ** 31, 2 ** 53, 2 ** 63, 1e8), {
    freq: 10,
    nil: undefined,
  });
  const property = fc.asyncProperty(base, edits, claim, async (model, changes, claimedBytes) => {
    const file = weightsOf(corpus[model]);
    await loadWhole(model, withHeader(file, edited(headerOf(file), changes), claimedBytes));
  });
  await fc.assert(property, { ...RUNS, numRuns: 6000 });
});

test("4,000 weights with damaged bytes, half of them in the header", async () => {
  const property = fc.asyncProperty(
    base,
    byteEdits,
    resize,
    fc.boolean(),
    async (model, changes, by, inHeader) => {
      const file = weightsOf(corpus[model]);
      const { dataOffset } = parseSafetensorsHeader(file, file.length);
      const places = changes.map(([at, value]) => [inHeader ? at % dataOffset : at, value] as const);
      await loadWhole(model, damaged(file, places, by));
    },
  );
  await fc.assert(property, { ...RUNS, numRuns: 4000 });
});

test("no mutant changed what every object inherits", () => {
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Json).polluted).toBeUndefined();
});

describe("by hand", () => {
  const config = JSON.parse(textOf(timm["config.json"]));
  const withConfig = (change: object) => ({
    ...timm,
    "config.json": JSON.stringify({ ...config, ...change }),
  });
  const refused = async (files: Files, message: string | RegExp) => {
    const folder = openFilesFolder(files);
    const start = performance.now();
    const gpu = new CountingGpu() as unknown as Gpu;
    const loaded = describeModel(folder).then((model) => loadOn(gpu, folder, model));
    await expect(loaded).rejects.toThrow(Vit8Error);
    await expect(loaded).rejects.toThrow(message);
    expect(performance.now() - start).toBeLessThan(LONGEST_MS);
  };

  test("a billion classes", async () => {
    await refused(withConfig({ num_classes: 1e9 }), "num_classes: expected 0 to 21843, got 1000000000");
    const labels = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [i, "x"]));
    const vit = { ...JSON.parse(textOf(transformers["config.json"])), id2label: labels };
    await refused(
      { ...transformers, "config.json": JSON.stringify(vit) },
      "id2label key: expected 0 to 21842",
    );
  });

  test("a network of 2^100 parameters, without weights", async () => {
    const model_args = { ...config.model_args, depth: 256, embed_dim: 8192, num_heads: 256, mlp_ratio: 8 };
    await refused(withConfig({ model_args, num_features: 8192 }), /head dim|num_heads|expected/);
  });

  test("a config a hundred thousand arrays deep", async () => {
    const deep = "[".repeat(1e5) + "]".repeat(1e5);
    await refused({ ...timm, "config.json": deep }, "config.json: expected a JSON object");
    await refused({ ...timm, "config.json": `{"architecture":${deep}}` }, /./);
  });

  test("a config of 10 MB", async () => {
    const spaces = new Blob([textOf(timm["config.json"]), " ".repeat(10 * 2 ** 20)]);
    await refused(
      { ...timm, "config.json": new Uint8Array(await spaces.arrayBuffer()) },
      "expected at most 8388608 bytes",
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])("a weight of %d", async (value) => {
    const broken = new Map(tensors);
    const { shape, values } = broken.get("head.weight")!;
    broken.set("head.weight", { shape, values: values.with(5, value) });
    await refused(timmFiles(small, broken), `expected finite numbers, got ${value}`);
  });

  test("weights so small that f32 has no more digits for them become whole int8 numbers or 0", async () => {
    for (const magnitude of [1e-38, 1e-40, 1e-45]) {
      const tiny = new Map(
        [...tensors].map(([name, { shape, values }]) => [
          name,
          { shape, values: values.map((v) => v * magnitude) },
        ]),
      );
      const scales: number[] = [];
      const gpu = new CountingGpu() as unknown as Gpu;
      const folder = openFilesFolder(timmFiles(small, tiny));
      await loadOn(gpu, folder, await describeModel(folder), (name, data) => {
        if (name.endsWith("weight_scale")) scales.push(...data);
      });
      expect(scales.length).toBeGreaterThan(0);
      expect(scales.every((scale) => Number.isFinite(scale) && scale >= 0)).toBe(true);
    }
  });
});

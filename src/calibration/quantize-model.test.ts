// Quantizing by a method's name: its progress, its abort, and its errors.

import { expect, test } from "vitest";
import { madeUpPicture, madeUpTensors, PLAIN, timmFiles } from "../classifier/made-up-vit.shared.ts";
import { openPicture } from "../classifier/picture.ts";
import { openFilesFolder } from "../format/files-folder.ts";
import { type Gpu, openGpu } from "../gpu/gpu.ts";
import { nodeGpu } from "../node/gpu.ts";
import { type QuantizeOptions, type QuantizeProgress, quantizedFolder } from "./quantize-model.ts";

const folder = openFilesFolder(timmFiles(PLAIN, madeUpTensors(PLAIN)));
const pictures = [1, 2, 3].map((seed) => () => openPicture(madeUpPicture(PLAIN, seed)));
const gpus: Gpu[] = [];

async function open(): Promise<Gpu> {
  gpus.push(await openGpu({ gpu: await nodeGpu() }));
  return gpus.at(-1)!;
}

const quantized = async (options: QuantizeOptions) => {
  const files = await quantizedFolder(folder, pictures, open, options);
  return Object.fromEntries([...files].map(([name, pieces]) => [name, Buffer.concat(pieces)]));
};

test("tells bytes, pictures and blocks, in this order", async () => {
  const told: QuantizeProgress[] = [];
  await quantized({ method: "minmax", onProgress: (progress) => told.push(progress) });
  expect([...new Set(told.map(({ stage }) => stage))]).toEqual(["download", "observe", "quantize"]);
  expect(told.filter(({ stage }) => stage === "observe").map(({ done }) => done)).toEqual([0, 1, 2]);
  expect(told.at(-1)).toEqual({ stage: "quantize", done: PLAIN.depth - 1, total: PLAIN.depth });
});

test("another seed keeps other rows and chooses other pictures; the same one does not", async () => {
  const of = (seed: number) => quantized({ method: "minmax", images: 1, seed });
  const [first, again, other] = [await of(1), await of(1), await of(7)];
  expect(again).toEqual(first);
  expect(other["config.json"].equals(first["config.json"])).toBe(false);
});

test.each(["observe", "quantize"])(
  "stops in %s when it is told to, and gives the GPU back",
  async (stage) => {
    const stop = new AbortController();
    const onProgress = (progress: QuantizeProgress) => progress.stage === stage && stop.abort();
    await expect(quantized({ method: "minmax", signal: stop.signal, onProgress })).rejects.toThrow(/abort/);
    await expect(gpus.at(-1)!.lost).resolves.toContain("destroyed");
  },
);

test.each<[object, string]>([
  [{ method: "best" }, "method: expected dynamic or one of minmax"],
  [{ bits: "w3a3" }, "bits: expected one of w8a8"],
  [{ bits: "w4a4" }, "calibrates activations for bits w4a4"],
  [{ bits: "w4a4", method: "gptq" }, "calibrates activations for bits w4a4"],
  [{ weights: "row" }, "weights: expected one of tensor, channel, group, got row"],
  [{ weights: "group" }, "bits: expected w4a8 or w4a4 with weights group, got w8a8"],
  [
    { keep: { "blocks.9.fc1": "float" } },
    "expected a layer of the model, got blocks.9.fc1. Choose from blocks.N.qkv",
  ],
  [{ keep: { "blocks.9.fc1": "float" }, method: "gptq" }, "expected a layer of the model, got blocks.9.fc1"],
  [{ keep: { patch: "float" } }, "The patch embedding reads bytes"],
  [{ keep: { head: "int4" } }, "expected float or int8 for head, got int4"],
  [{ keep: { head: "int8" } }, "expected float for head, got int8, which all layers of w8a8 are"],
  [{ keep: { head: "float" }, method: "minmax" }, "expected int8 for head with method minmax"],
  [{ seed: Number.NaN }, "seed: expected a whole number of 1 or more"],
  [{ images: 0 }, "images: expected a whole number of 1 or more"],
])("%o is refused", async (options, message) => {
  await expect(quantized(options)).rejects.toThrow(message);
});

test("a method that looks at pictures is refused without any", async () => {
  await expect(quantizedFolder(folder, [], open, { method: "repq" })).rejects.toThrow("got none");
});

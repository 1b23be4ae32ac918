// The cost of a run in addition to the GPU's time: no new GPU objects.

import { expect, test } from "vitest";
import { bundledModel } from "../cli/model.ts";
import { ImageClassifier } from "../node/index.ts";
import { madeUpPicture } from "./pixels.ts";

const MAKERS = [
  "createBuffer",
  "createTexture",
  "createSampler",
  "createBindGroup",
  "createBindGroupLayout",
  "createPipelineLayout",
  "createShaderModule",
  "createComputePipeline",
  "createComputePipelineAsync",
  "createRenderPipeline",
  "createRenderPipelineAsync",
  "createQuerySet",
  "importExternalTexture",
] as const;

/** Counts the calls that make an object; a command encoder is used up by each submit and must be new. */
function countMakers(): Map<string, number> {
  const counts = new Map<string, number>();
  const watch = (prototype: object, name: string) => {
    const made = Reflect.get(prototype, name);
    if (typeof made !== "function") return;
    Reflect.set(prototype, name, function (this: object, ...args: unknown[]) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
      return Reflect.apply(made, this, args);
    });
  };
  for (const name of MAKERS) watch(GPUDevice.prototype, name);
  watch(GPUTexture.prototype, "createView");
  return counts;
}

test("after the first run of a batch size, a run makes no GPU object", async () => {
  // The constants of WebGPU are there after the first load.
  await (await ImageClassifier.load(bundledModel(), { device: "webgpu" })).dispose();
  const counts = countMakers();
  const classifier = await ImageClassifier.load(bundledModel(), { device: "webgpu" });
  const pictures = [0, 1].map((seed) => madeUpPicture(seed, 96, 96));
  for (const batch of [pictures.slice(0, 1), pictures]) await classifier.classify(batch);
  // The counting works: loading made some of each kind.
  for (const name of ["createBuffer", "createBindGroup", "createTexture", "createView"])
    expect(counts.get(name), name).toBeGreaterThan(0);
  counts.clear();
  for (let i = 0; i < 3; i++)
    for (const batch of [pictures.slice(0, 1), pictures]) await classifier.classify(batch);
  expect(Object.fromEntries(counts)).toEqual({});
  await classifier.dispose();
});

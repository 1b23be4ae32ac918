// A Vision Transformer's steps and its weights name the same buffers, and fit what the README promises.

import { describe, expect, test } from "vitest";
import type { VitArchitecture } from "../format/config.ts";
import { expectedTensors } from "../format/names.ts";
import { assignSlots } from "../scheduler/memory.ts";
import type { Graph } from "../scheduler/step.ts";
import { elementCount } from "../tensor/dtype.ts";
import { gpuKernels } from "./gpu-kernels.ts";
import { vitGraph } from "./graph.ts";
import { integerKernels } from "./integer-kernels.ts";
import type { Int8Kernels } from "./kernels.ts";
import { softwareKernels } from "./software-kernels.ts";
import { type Precision, WeightPacker } from "./weights.ts";

const DEIT_TI: VitArchitecture = {
  ...{ family: "DeiT-Ti", imageWidth: 224, imageHeight: 224, patchSize: 16 },
  ...{ width: 192, depth: 12, heads: 3, headDim: 64, mlpWidth: 768, classes: 1000 },
  ...{ prefixTokens: 1, headsCount: 1, qkvBias: true, layerScale: false },
  ...{ layerNormEps: 1e-6, activation: "gelu", labels: [], scoring: "softmax" },
};
const affine = { scale: [1, 1, 1], offset: [0, 0, 0], int8Offset: [0, 0, 0] } as const;

/** Bytes by name of everything that the packer emits. */
function weightsOf(architecture: VitArchitecture, precision: Precision): Map<string, number> {
  const emitted = new Map<string, number>();
  const emit = (name: string, { byteLength }: ArrayBufferView) => {
    if (emitted.has(name)) throw new Error(`${name} came twice`);
    emitted.set(name, byteLength);
  };
  const packer = new WeightPacker({ architecture, affine, precision, emit });
  for (const [name, shape] of expectedTensors(architecture)) {
    const bytes = new Uint8Array(elementCount(shape) * 4);
    packer.accept(name, { name, dtype: "F32", shape, begin: 0, end: bytes.length }, bytes);
  }
  packer.finish();
  return emitted;
}

/** The steps that stand for others. */
const stepsOf = (fusions: Graph["fusions"]) => [...fusions!.values()].flat().map(({ step }) => step);

const small = { imageWidth: 32, imageHeight: 32, width: 96, heads: 3, headDim: 32, depth: 2, mlpWidth: 100 };

describe.each(["int8", "float32"] as const)("%s", (precision) => {
  test.each<[string, Partial<VitArchitecture>]>([
    ["plain", {}],
    ["no qkv bias", { qkvBias: false }],
    ["layer scale", { layerScale: true }],
    ["two heads", { prefixTokens: 2, headsCount: 2 }],
    ["no head", { classes: 0 }],
  ])("every weight that a step reads is there, and no other: %s", (_, change) => {
    const architecture = { ...DEIT_TI, ...small, ...change };
    const { steps, fusions, tensors } = vitGraph(architecture, 2, precision, { kernels: softwareKernels });
    const named = new Set([...steps, ...stepsOf(fusions)].flatMap(({ buffers }) => Object.values(buffers)));
    const read = [...named].filter((name) => !tensors.has(name)).sort();
    expect([...weightsOf(architecture, precision).keys()].sort()).toEqual(read);
  });

  test("every step fits its kernels, and every tensor is written by a step or from outside", () => {
    const { steps, fusions, tensors, held } = vitGraph(DEIT_TI, 3, precision, { kernels: softwareKernels });
    const written = new Set(["patches", "patches.scale"]);
    const all = steps.flatMap((step) => [
      ...stepsOf(new Map([["", fusions!.get(step.label) ?? []]])).reverse(),
      step,
    ]);
    for (const { kernels, problem, buffers } of all) {
      for (const kernel of kernels) {
        expect(() => kernel.check(problem)).not.toThrow();
        const bindings = Object.keys(kernel.bindings).filter((name) => name !== "params");
        expect(Object.keys(buffers).sort()).toEqual(bindings.sort());
      }
      const writes = Object.entries(kernels[0].bindings).filter(([, access]) => access === "write");
      for (const [binding, access] of Object.entries(kernels[0].bindings))
        if (access === "read" && tensors.has(buffers[binding])) expect(written).toContain(buffers[binding]);
      for (const [binding] of writes) written.add(buffers[binding]);
    }
    expect([...tensors.keys()].filter((name) => !written.has(name))).toEqual([]);
    expect([...held].filter((name) => name !== "patches.scale" && !written.has(name))).toEqual([]);
  });
});

describe("steps that stand for others", () => {
  const fusionsIn = (kernels?: Int8Kernels) => {
    const { steps, fusions } = vitGraph(DEIT_TI, 1, "int8", { kernels });
    return { steps, fusions: fusions! };
  };

  test("leave five passes a block: the norms go with what is before them, but for the last one", () => {
    const { steps, fusions } = fusionsIn(gpuKernels);
    expect(steps.length - fusions.size).toBe(1 + 12 * 5 + 2);
    const labels = [...fusions].map(([first, [{ step }]]) => [first, step.label]);
    expect(labels.slice(0, 3)).toEqual([
      ["patch", "patch+norm1"],
      ["blocks.0.proj", "blocks.0.proj+norm2"],
      ["blocks.0.fc2", "blocks.0.fc2+norm1"],
    ]);
    expect(fusions.has("blocks.11.fc2")).toBe(false);
  });

  test("leave two where one does all from attention to attention; the last block's rows do not stay themselves", () => {
    const { fusions } = fusionsIn(softwareKernels);
    const counts = (label: string) => fusions.get(label)!.map(({ count }) => count);
    expect(counts("blocks.0.proj")).toEqual([6, 2]);
    expect(fusions.get("blocks.0.proj")![0].step.label).toBe("blocks.0.proj+norm2+fc1+fc2+norm1+qkv");
    expect(counts("blocks.11.proj")).toEqual([2]);
  });

  test("write what those would, from what they read", () => {
    const { steps, fusions } = fusionsIn(softwareKernels);
    for (const [label, choices] of fusions)
      for (const { step, count } of choices) {
        const at = steps.findIndex((step) => step.label === label);
        const { a, a_scale, w, addend } = steps[at].buffers;
        const [last, norm, qkv] = steps
          .slice(at + (count === 2 ? 0 : 3), at + count)
          .map(({ buffers }) => buffers);
        const reads = count === 2 ? { w, addend } : { proj: w, x: addend, fc2: last.w, qkv: qkv.w };
        expect(step.buffers).toMatchObject({ a, a_scale, ...reads, out: last.out });
        if (qkv) expect(step.buffers).toMatchObject({ next: qkv.out, next_scale: qkv.out_scale });
        expect([step.buffers.norm, step.buffers.norm_scale]).toEqual([norm.out, norm.out_scale]);
      }
  });

  test("are none where the norm or the product is in integers, and where no kernel does both", () => {
    for (const integerOnly of [false, true])
      expect(fusionsIn(integerKernels(gpuKernels, "ibert", integerOnly)).fusions.size).toBe(0);
    expect(fusionsIn().fusions.size).toBe(0);
  });
});

test("DeiT-Ti is 87 steps and, with its weights, below 12 MB at batch 1", () => {
  const graph = vitGraph(DEIT_TI, 1, "int8");
  expect(graph.steps).toHaveLength(1 + 12 * 7 + 2);
  const buffers = assignSlots(graph).reduce((sum, { byteLength }) => sum + byteLength, 0);
  const weights = [...weightsOf(DEIT_TI, "int8").values()].reduce((a, b) => a + b, 0);
  expect(buffers + weights).toBeLessThan(11e6);
});

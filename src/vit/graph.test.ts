// A Vision Transformer's steps and its weights name the same buffers, and fit what the README promises.

import { describe, expect, test } from "vitest";
import type { VitArchitecture } from "../format/config.ts";
import { expectedTensors } from "../format/names.ts";
import { assignSlots } from "../scheduler/memory.ts";
import { elementCount } from "../tensor/dtype.ts";
import { vitGraph } from "./graph.ts";
import { type Precision, WeightPacker } from "./weights.ts";

const DEIT_TI: VitArchitecture = {
  ...{ family: "DeiT-Ti", imageWidth: 224, imageHeight: 224, patchSize: 16 },
  ...{ width: 192, depth: 12, heads: 3, headDim: 64, mlpWidth: 768, classes: 1000 },
  ...{ prefixTokens: 1, headsCount: 1, qkvBias: true, layerScale: false },
  ...{ layerNormEps: 1e-6, activation: "gelu", labels: [] },
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
    const { steps, tensors } = vitGraph(architecture, 2, precision);
    const named = new Set(steps.flatMap(({ buffers }) => Object.values(buffers)));
    const read = [...named].filter((name) => !tensors.has(name)).sort();
    expect([...weightsOf(architecture, precision).keys()].sort()).toEqual(read);
  });

  test("every step fits its kernels, and every tensor is written by a step or from outside", () => {
    const { steps, tensors, held } = vitGraph(DEIT_TI, 3, precision);
    const written = new Set(["patches", "patches.scale"]);
    for (const { kernels, problem, buffers } of steps) {
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

test("DeiT-Ti is 87 steps and, with its weights, below 12 MB at batch 1", () => {
  const graph = vitGraph(DEIT_TI, 1, "int8");
  expect(graph.steps).toHaveLength(1 + 12 * 7 + 2);
  const buffers = assignSlots(graph).reduce((sum, { byteLength }) => sum + byteLength, 0);
  const weights = [...weightsOf(DEIT_TI, "int8").values()].reduce((a, b) => a + b, 0);
  expect(buffers + weights).toBeLessThan(11e6);
});

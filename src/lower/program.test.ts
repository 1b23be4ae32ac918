// A network's steps and its weights name the same buffers, and fit what the README promises.

import { describe, expect, test } from "vitest";
import { parseQuantization, quantizationConfig } from "../format/quantization-config.ts";
import timmVit, { type TimmVitSpec } from "../network/families/timm/vit.ts";
import { networkOf } from "../network/family.ts";
import { fused } from "../network/fused.ts";
import { parametersOf } from "../network/parameters.ts";
import { assignSlots } from "../scheduler/memory.ts";
import { elementCount } from "../tensor/dtype.ts";
import { settledHeapBytes } from "../testing/heap.ts";
import { arithmeticOf } from "./arithmetic.ts";
import { floatProgram } from "./float.ts";
import { gpuKernels } from "./gpu-kernels.ts";
import { int8Program } from "./int8.ts";
import { int8ProgramOfEvery } from "./int8-every.ts";
import { integerKernels } from "./integer-kernels.ts";
import type { Lowering } from "./lowering.ts";
import type { StoredTensor } from "./pack/stored-tensor.ts";
import type { Program } from "./program.ts";
import { programOf } from "./program-of.ts";
import { softwareKernels } from "./software-kernels.ts";

const DEIT_TI: TimmVitSpec = {
  ...{ image: { width: 224, height: 224 }, patch: 16, width: 192, depth: 12, heads: 3, mlpWidth: 768 },
  ...{ classes: 1000, distilled: false, qkvBias: true, layerScale: false, eps: 1e-6, activation: "gelu" },
};
const vit = (spec: TimmVitSpec) => networkOf(timmVit, spec);
const affine = { int8Offset: [0, 0, 0] };
const small = { image: { width: 32, height: 32 }, width: 96, heads: 3, depth: 2, mlpWidth: 100 };

/** One of each kind, and the head. */
const KEPT = [
  ...["blocks.0.query", "blocks.0.key", "blocks.0.value", "blocks.1.proj", "blocks.0.fc1", "blocks.1.fc2"],
  ...["head", "head_distillation"],
];

const PROGRAMS = {
  int8: (spec: TimmVitSpec) => int8Program(fused(vit(spec)), affine, softwareKernels),
  integer: (spec: TimmVitSpec) =>
    int8Program(fused(vit(spec)), affine, integerKernels(gpuKernels, "ivit", true)),
  float32: (spec: TimmVitSpec) => floatProgram(fused(vit(spec)), affine),
  "int8 with layers in float": (spec: TimmVitSpec) =>
    int8ProgramOfEvery(fused(vit(spec)), affine, softwareKernels, KEPT),
};

async function* zeros(spec: TimmVitSpec): AsyncGenerator<StoredTensor> {
  for (const [name, shape] of parametersOf(vit(spec))) {
    const bytes = new Uint8Array(elementCount(shape) * 4);
    yield { name, entry: { name, dtype: "F32", shape: [...shape], begin: 0, end: bytes.length }, bytes };
  }
}

/** Bytes by name of everything that is packed. */
async function weightsOf(program: Program, spec: TimmVitSpec): Promise<Map<string, number>> {
  const packed = new Map<string, number>();
  for await (const [name, { byteLength }] of program.pack(zeros(spec))) {
    if (packed.has(name)) throw new Error(`${name} came twice`);
    packed.set(name, byteLength);
  }
  return packed;
}

describe.each(Object.entries(PROGRAMS))("%s", (_, programFor) => {
  test.each<[string, Partial<TimmVitSpec>]>([
    ["plain", {}],
    ["no qkv bias", { qkvBias: false }],
    ["layer scale", { layerScale: true }],
    ["two heads", { distilled: true }],
    ["no head", { classes: 0 }],
  ])("every weight that a step reads is there, and no other: %s", async (_, change) => {
    const spec = { ...DEIT_TI, ...small, ...change };
    const program = programFor(spec);
    const { steps, tensors } = program.graph(2);
    const named = new Set(steps.flatMap(({ buffers }) => Object.values(buffers)));
    const read = [...named].filter((name) => !tensors.has(name)).sort();
    expect([...(await weightsOf(program, spec)).keys()].sort()).toEqual(read);
  });

  test("every step fits its kernels, and every tensor is written by a step or from outside", () => {
    const { steps, tensors, held } = programFor(DEIT_TI).graph(3);
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

test("DeiT-Ti is 87 steps and, with its weights, below 11 MB at batch 1", async () => {
  const program = PROGRAMS.int8(DEIT_TI);
  const graph = program.graph(1);
  expect(graph.steps).toHaveLength(1 + 12 * 7 + 2);
  const buffers = assignSlots(graph).reduce((sum, { byteLength }) => sum + byteLength, 0);
  const weights = [...(await weightsOf(program, DEIT_TI)).values()].reduce((a, b) => a + b, 0);
  expect(buffers + weights).toBeLessThan(11e6);
});

test.each(["int8", "float32"] as const)("%s: weights go as they come, and none is kept", async (name) => {
  const before = await settledHeapBytes();
  let held = 0;
  async function* tensors() {
    for await (const tensor of zeros(DEIT_TI)) {
      if (tensor.name === "norm.weight") held = (await settledHeapBytes()) - before;
      yield tensor;
    }
  }
  let bytes = 0;
  for await (const [, data] of PROGRAMS[name](DEIT_TI).pack(tensors())) bytes += data.byteLength;
  // the patch embedding's floats, its table, and biases; all of the weights are 5.5 MB in int8
  expect(held).toBeLessThan(2.5e6);
  expect(bytes).toBeGreaterThan(5e6);
});

test("layers that a checkpoint keeps in float are products of floats, and no integer arithmetic takes them", async () => {
  const quantization = { ...parseQuantization(quantizationConfig())!, ignore: ["blocks.1.proj"] };
  const options = { name: "DeiT-Ti", network: vit({ ...DEIT_TI, ...small }), affine, quantization };
  const { steps } = (await programOf(options, arithmeticOf({}))).graph(1);
  const kernelOf = (label: string) => steps.find((step) => step.label === label)!.kernels[0].name;
  expect(kernelOf("blocks.1.proj")).toBe("gemm_float_add");
  expect(kernelOf("blocks.0.proj")).not.toMatch(/float/);
  await expect(programOf(options, arithmeticOf({ nonlinear: "ibert" }))).rejects.toThrow(
    "DeiT-Ti: expected only int8 layers, got blocks.1.proj in float. Use nonlinear exact or fast.",
  );
});

describe("an arithmetic", () => {
  const optionsWith = (activation: TimmVitSpec["activation"]) => {
    return { name: "DeiT-Ti", network: vit({ ...DEIT_TI, activation }), affine };
  };
  const options = optionsWith("quick_gelu");

  test("that has no such activation is refused, not computed with another", async () => {
    for (const nonlinear of ["ibert", "ivit"] as const)
      await expect(programOf(options, arithmeticOf({ nonlinear }))).rejects.toThrow(
        /expected nonlinear exact or fast for quick_gelu/,
      );
    await expect(programOf(options, arithmeticOf({}))).resolves.toBeDefined();
  });

  test("fast has GELU by its tanh form, and lets other activations be", async () => {
    const activations = async (activation: TimmVitSpec["activation"]) => {
      const program = await programOf(optionsWith(activation), arithmeticOf({ nonlinear: "fast" }));
      const problems = program.graph(1).steps.map(({ problem }) => problem as { activation?: string });
      return [...new Set(problems.map(({ activation }) => activation))].filter(Boolean);
    };
    expect(await activations("gelu")).toEqual(["gelu_tanh"]);
    expect(await activations("quick_gelu")).toEqual(["quick_gelu"]);
  });
});

test("a lowering without one of the operations does not compile", () => {
  const nothing = () => {};
  // @ts-expect-error attention is left out
  const lowering: Lowering = { patches: nothing, linear: nothing, norm: nothing };
  expect(lowering.attention).toBeUndefined();
});

// Attention with options: which kernel computes it, with which problem, and which backends reject it.

import { describe, expect, test } from "vitest";
import { UnsupportedModelError } from "../errors/errors.ts";
import { Builder } from "../network/builder.ts";
import { fused } from "../network/fused.ts";
import type { AttentionOptions, Network, Value } from "../network/op.ts";
import { parametersOf } from "../network/parameters.ts";
import { floatProgram } from "./float.ts";
import { int8ProgramOfEvery } from "./int8-every.ts";
import { integerKernels } from "./integer-kernels.ts";
import { int8Kernels } from "./kernels.ts";
import * as wide from "./wide-attention.ts";

const affine = { int8Offset: [0, 0, 0] };

/** One attention of 2 heads over 4 x 4 patches, with its query from `q` if given. */
function network(options: AttentionOptions, q?: (net: Builder, x: Value) => Value): Network {
  const net = new Builder();
  const patches = net.patches({ width: 32, height: 32, patch: 8 });
  const stream = net.linear("patch", patches, { out: 64 });
  const x = net.norm("norm1", stream, 1e-6);
  const part = (name: string, from = x) => net.linear(name, from, { parts: 2 });
  const query = part("query", q?.(net, x));
  const attention = net.attention("attention", query, part("key"), part("value"), options);
  const sum = net.add("residual", stream, net.linear("proj", attention), { as: "middle" });
  return net.network({ embedding: net.norm("norm", sum, 1e-6) });
}

const stepOf = (options: AttentionOptions, q?: (net: Builder, x: Value) => Value) => {
  const program = int8ProgramOfEvery(fused(network(options, q)), affine, { ...int8Kernels, ...wide });
  return program.graph(1).steps.find(({ operation }) => operation === "attention")!;
};

const windows = {
  grid: { width: 4, height: 4 },
  size: { width: 2, height: 2 },
  shift: { width: 1, height: 0 },
};

describe("which kernel", () => {
  test("of attention that is causal or has another scale, the plain one", () => {
    const step = stepOf({ causal: true, scale: 0.5 });
    expect(step.kernels[0].name).toBe("attention");
    expect(step.problem).toMatchObject({ causal: true, scale: 0.5 });
    expect(step.buffers.qkv).toBe("qkv");
  });

  test("with a bias and a scale for each head, one with a buffer for both", () => {
    const step = stepOf({ bias: "table", scale: "logit_scale", windows, cosine: true });
    expect(step.kernels[0].name).toBe("attention_options");
    expect(step.buffers.bias).toBe("attention.bias");
    expect(step.problem).toMatchObject({ biasRows: 4, scalePerHead: true, windows, cosine: true });
  });

  test("of a query of its own, one of three tensors", () => {
    const step = stepOf({}, (net, x) => net.norm("other", x, 1e-6));
    expect(step.kernels[0].name).toBe("attention_apart");
    expect(step.buffers).toMatchObject({ q: "query", k: "key", v: "value", q_scale: "query.scale" });
  });

  test("in float32 the same", () => {
    const steps = floatProgram(fused(network({ windows })), affine).graph(1).steps;
    const step = steps.find(({ operation }) => operation === "attention")!;
    expect(step.kernels[0].name).toBe("attention_float_options");
  });
});

test("a bias and a scale are parameters", () => {
  const of = (options: AttentionOptions) => parametersOf(network(options));
  expect(of({ bias: "table" }).get("table")).toEqual([2, 16, 16]);
  expect(of({ bias: "table", windows }).get("table")).toEqual([2, 4, 4]);
  expect(of({ scale: "logit_scale" }).get("logit_scale")).toEqual([2]);
});

test("a bias is packed behind the heads' scales, in base 2", async () => {
  const program = int8ProgramOfEvery(fused(network({ bias: "table", scale: "scales", windows })), affine, {
    ...int8Kernels,
    ...wide,
  });
  async function* tensors() {
    yield stored(
      "table",
      Float32Array.from({ length: 32 }, (_, i) => i),
    );
    yield stored("scales", Float32Array.of(2, 3));
  }
  const packed = new Map<string, ArrayBufferView>();
  for await (const [name, data] of program.pack(tensors())) packed.set(name, data);
  const expected = [2, 3, ...Array.from({ length: 32 }, (_, i) => i)].map((x) => Math.fround(x * Math.LOG2E));
  expect([...(packed.get("attention.bias") as Float32Array)]).toEqual(expected);
});

function stored(name: string, values: Float32Array) {
  const bytes = new Uint8Array(values.buffer);
  return {
    name,
    entry: { name, dtype: "F32" as const, shape: [values.length], begin: 0, end: bytes.length },
    bytes,
  };
}

describe("who refuses what, by name", () => {
  test("windows that do not divide the grid", () => {
    const size = { width: 3, height: 2 };
    expect(() => network({ windows: { ...windows, size } })).toThrow(
      /^attention: .* got grid 4x4, windows 3x2/,
    );
  });

  test("integer operations every option", () => {
    const kernels = { ...integerKernels(int8Kernels, "ibert", false), ...wide };
    const program = int8ProgramOfEvery(fused(network({ causal: true, bias: "table" })), affine, kernels);
    expect(() => program.graph(1)).toThrow(UnsupportedModelError);
    expect(() => program.graph(1)).toThrow(
      /attention without bias and causal, which nonlinear ibert or ivit/,
    );
  });

  test("separate inputs a bias", () => {
    expect(() => stepOf({ bias: "table" }, (net, x) => net.norm("other", x, 1e-6))).toThrow(
      /without bias, which/,
    );
  });
});

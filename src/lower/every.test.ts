// Operations that only some networks have, on each device and in both arithmetics, against f64.

import { afterAll, describe, expect, test } from "vitest";
import { openCpuDevice } from "../classifier/cpu-device.ts";
import { Engine } from "../classifier/engine.ts";
import { GpuBackend } from "../classifier/gpu-backend.ts";
import { uploadWeights } from "../classifier/gpu-device.ts";
import {
  MEAN,
  madeUpPicture,
  madeUpTensors,
  PLAIN,
  STD,
  timmFiles,
} from "../classifier/made-up-vit.shared.ts";
import { describeModel } from "../classifier/model.ts";
import { openPicture } from "../classifier/picture.ts";
import { openFilesFolder } from "../format/files-folder.ts";
import { openGpu } from "../gpu/gpu.ts";
import { Builder } from "../network/builder.ts";
import { fused } from "../network/fused.ts";
import type { Network, Value } from "../network/op.ts";
import { parametersOf } from "../network/parameters.ts";
import { nodeGpu } from "../node/gpu.ts";
import { onnxModel } from "../onnx/model.ts";
import { elementCount } from "../tensor/dtype.ts";
import { seeded } from "../testing/cases.ts";
import { type Parameters, referenceOutputs } from "../testing/reference-network.shared.ts";
import { floatProgram } from "./float.ts";
import { int8ProgramOfEvery } from "./int8-every.ts";
import type { StoredTensor } from "./pack/stored-tensor.ts";
import type { Program } from "./program.ts";

/** An image of four by four patches. */
const SIDE = 32;
const PATCH = 8;
const WIDTH = 48;
const VIT = { ...PLAIN, side: SIDE, patch: PATCH };
const model = await describeModel(openFilesFolder(timmFiles(VIT, madeUpTensors(VIT))));
const picture = madeUpPicture(VIT);
const gpu = await openGpu({ gpu: await nodeGpu() });
afterAll(() => gpu.destroy());

type Write = (net: Builder, patches: Value) => Readonly<Record<string, Value>>;

/** What follows a patch embedding. */
function networkOf(write: Write): Network {
  const net = new Builder();
  const pixels = net.patches({ width: SIDE, height: SIDE, patch: PATCH });
  const patches = net.linear("patch", pixels, { out: WIDTH, shape: [WIDTH, 3, PATCH, PATCH] });
  return net.network(write(net, patches));
}

type Prepare = (name: string, part: Value) => Value;

/** K has no bias. */
function block(
  net: Builder,
  at: string,
  x: Value,
  mlp: (normed: Value) => Value,
  prepare: Prepare = (_, part) => part,
): Value {
  const normed = net.norm(`${at}.norm1`, x, 1e-6);
  const part = (name: string) => net.linear(`${at}.${name}`, normed, { parts: 3, bias: name !== "key" });
  const [q, k] = ["query", "key"].map((name) => prepare(`${at}.${name}_heads`, part(name)));
  const v = part("value");
  const attended = net.linear(`${at}.proj`, net.attention(`${at}.attention`, q, k, v));
  const middle = net.add(`${at}.sum1`, x, attended, { as: `${at}.middle` });
  const out = net.linear(`${at}.fc2`, mlp(net.norm(`${at}.norm2`, middle, 1e-6)), { out: x.width });
  return net.add(`${at}.sum2`, middle, out, { as: `${at}.x` });
}

const gelu = (net: Builder, at: string) => (normed: Value) =>
  net.activation(`${at}.gelu`, net.linear(`${at}.fc1`, normed, { out: 80 }), "gelu");

const NETWORKS: Readonly<Record<string, Write>> = {
  "registers, positions of the patches, class token beside the mean of patches": (net, patches) => {
    const positioned = net.table("positions", patches, { as: "positioned" });
    const tokens = net.tokens(["class_token", { name: "registers", rows: 3 }], positioned);
    const normed = net.norm("norm", block(net, "blocks.0", tokens, gelu(net, "blocks.0")), 1e-6);
    const embedding = net.row(normed, 0);
    const both = net.concat("both", embedding, net.pool("mean", normed, { first: 4 }));
    return { embedding, logits: net.linear("head", both, { out: 5 }) };
  },
  "a norm before the blocks, tokens at the end, the mean of all rows, a head with tanh": (net, patches) => {
    const tokens = net.tokens([{ name: "detection", rows: 2, shape: [2, 0] }], patches, { at: patches.rows });
    const normed = net.norm("norm_pre", net.table("positions", tokens, { as: "x" }), 1e-6);
    const x = block(net, "blocks.0", normed, gelu(net, "blocks.0"));
    const embedding = net.norm("fc_norm", net.pool("mean", x), 1e-6);
    const pooled = net.activation("tanh", net.linear("pooler", embedding), "tanh");
    return { embedding, logits: net.linear("head", pooled, { out: 5 }) };
  },
  "a gated MLP with a norm in it, a table between blocks, and rows of the last norm": (net, patches) => {
    const swiglu = (at: string) => (normed: Value) => {
      const [gate, up] = ["gate", "up"].map((name) => net.linear(`${at}.${name}`, normed, { out: 72 }));
      return net.norm(`${at}.inner`, net.gate(`${at}.gated`, gate, up, "silu"), 1e-6);
    };
    const geglu = (normed: Value) => {
      const [gate, up] = ["gate", "up"].map((name) => net.linear(name, normed, { out: 80 }));
      return net.gate("gated", gate, up, "gelu");
    };
    const first = block(net, "blocks.0", patches, geglu);
    const x = net.table("middle", first, { as: "first" });
    const normed = net.norm("norm", block(net, "blocks.1", x, swiglu("blocks.1")), 1e-6);
    const hidden = net.activation("relu", net.linear("hidden", normed), "relu");
    const rows = net.rows("rows", hidden, { first: 5, count: 3 });
    return { embedding: net.row(rows, 1), logits: net.linear("head", net.row(rows, 2), { out: 5 }) };
  },
  "rotary positions of neighbors, and those of halves behind a norm of each head": (net, patches) => {
    const tokens = net.tokens(["class_token"], patches);
    const angles = Array.from(
      { length: tokens.rows * 16 },
      (_, i) => Math.floor(i / 16) * ((i % 5) + 1) * 0.1,
    );
    const tables = () => ({
      cosine: Float32Array.from(angles, Math.cos),
      sine: Float32Array.from(angles, Math.sin),
    });
    const first = block(net, "blocks.0", tokens, gelu(net, "blocks.0"), (name, part) =>
      net.heads(name, part, { rotation: { tables, pairs: "neighbors" } }),
    );
    const second = block(net, "blocks.1", first, gelu(net, "blocks.1"), (name, part) =>
      net.heads(name, part, { norm: { kind: "layer", eps: 1e-6 }, rotation: { tables, pairs: "halves" } }),
    );
    const x = block(net, "blocks.2", second, gelu(net, "blocks.2"), (name, part) =>
      net.heads(name, part, { norm: { kind: "rms", eps: 1e-6 } }),
    );
    const embedding = net.row(net.norm("norm", x, 1e-6), 0);
    return { embedding, logits: net.linear("head", embedding, { out: 5 }) };
  },
  "neighbors merged, and learnt rows times a row": (net, patches) => {
    const x = block(net, "blocks.0", patches, gelu(net, "blocks.0"));
    const corners = [0, 2, 8, 10].flatMap((at) => [at, at + 4, at + 1, at + 5]);
    const merged = net.norm("merge.norm", net.gather("merge", x, corners, 4), 1e-6);
    const reduced = net.linear("reduction", merged, { out: 96, bias: false });
    const learnt = net.learnt("probe", { rows: 1, width: 96 });
    const product = net.gate("product", net.pool("mean", reduced), learnt, "silu");
    return { embedding: product, logits: net.linear("head", product, { out: 5 }) };
  },
};

function parametersFor(network: Network): Map<string, { shape: readonly number[]; values: Float32Array }> {
  const rng = seeded(3);
  return new Map(
    [...parametersOf(network)].map(([name, shape]) => {
      const k = shape.length > 1 ? elementCount(shape.slice(1)) : 1;
      const isNorm = /norm|heads/.test(name) && name.endsWith(".weight");
      const values = rng.f32(elementCount(shape), shape.length > 1 ? 1.7 / Math.sqrt(k) : 0.3);
      return [name, { shape, values: isNorm ? values.map((v) => 1 + v) : values }];
    }),
  );
}

/** Rows of pixels, channel by channel. */
function pixelRows(): Float64Array[] {
  const across = SIDE / PATCH;
  return Array.from({ length: across ** 2 }, (_, p) =>
    Float64Array.from({ length: 3 * PATCH ** 2 }, (_, i) => {
      const [c, y, x] = [Math.floor(i / PATCH ** 2), Math.floor(i / PATCH) % PATCH, i % PATCH];
      const pixel = (Math.floor(p / across) * PATCH + y) * SIDE + (p % across) * PATCH + x;
      return (picture.rgba[4 * pixel + c] / 255 - MEAN[c]) / STD[c];
    }),
  );
}

/** Q, K and V apart. */
function referenceOf(network: Network, tensors: ReturnType<typeof parametersFor>) {
  const parameters = new Map<string, Float32Array>();
  for (const [name, { values }] of tensors)
    if (!name.includes(".qkv.")) parameters.set(name, values);
    else
      for (const [i, part] of ["query", "key", "value"].entries())
        parameters.set(
          name.replace(".qkv.", `.${part}.`),
          values.subarray((i * values.length) / 3, ((i + 1) * values.length) / 3),
        );
  return { parameters, outputs: referenceOutputs(network, parameters as Parameters, pixelRows()) };
}

async function* stored(tensors: ReturnType<typeof parametersFor>): AsyncGenerator<StoredTensor> {
  for (const [name, { shape, values }] of tensors) {
    const bytes = new Uint8Array(values.slice().buffer);
    yield { name, entry: { name, dtype: "F32", shape: [...shape], begin: 0, end: bytes.length }, bytes };
  }
}

async function answerOf(
  program: Program,
  tensors: ReturnType<typeof parametersFor>,
  device: "webgpu" | "cpu",
) {
  const packed = program.pack(stored(tensors));
  const backend =
    device === "cpu"
      ? await (await openCpuDevice()).load(model, program, packed)
      : new GpuBackend(gpu, model, await uploadWeights(gpu, model.id, packed));
  const engine = new Engine(program, backend);
  const [alone] = await engine.run([await openPicture(picture)]);
  const other = await openPicture(madeUpPicture(VIT, 2));
  const [, second] = await engine.run([other, await openPicture(picture)]);
  await engine.destroy();
  expect(second).toEqual(alone);
  return alone;
}

const cosine = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  const dot = (x: ArrayLike<number>, y: ArrayLike<number>) =>
    Array.from(x).reduce((sum, value, i) => sum + value * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};

describe.each(Object.entries(NETWORKS))("%s", (_, write) => {
  const network = networkOf(write);
  const tensors = parametersFor(network);
  const { parameters, outputs } = referenceOf(network, tensors);
  const whole = fused(network);
  const [logits] = outputs.logits;
  const [embedding] = outputs.embedding;

  test.each(["webgpu", "cpu"] as const)("float on %s", async (device) => {
    const got = await answerOf(floatProgram(whole, model.affine), tensors, device);
    const worst = (a: Float32Array, b: Float64Array) =>
      Math.max(...a.map((value, i) => Math.abs(value - b[i]))) / Math.max(...b.map(Math.abs));
    // f32 over two blocks, some hundred sums of values near 1.
    expect(worst(got.embedding, embedding)).toBeLessThan(2e-5);
    expect(worst(got.logits, logits)).toBeLessThan(2e-5);
  });

  test.each(["webgpu", "cpu"] as const)("int8 on %s", async (device) => {
    const got = await answerOf(int8ProgramOfEvery(whole, model.affine), tensors, device);
    // Some dozen tensors, each off by up to 1/254 of its greatest value.
    expect(cosine(got.embedding, embedding)).toBeGreaterThan(0.999);
    expect(cosine(got.logits, logits)).toBeGreaterThan(0.997);
    expect(got.logits).not.toEqual(Float32Array.from(logits));
  });

  test("is an ONNX file", () => {
    expect(onnxModel("every", network, parameters, "fp32").length).toBeGreaterThan(0);
  });
});

// A family is one function: what another block computes is computed, packed, counted and exported without another line.

import { afterAll, describe, expect, test } from "vitest";
import { openFilesFolder } from "../format/files-folder.ts";
import { openGpu } from "../gpu/gpu.ts";
import { floatProgram } from "../lower/float.ts";
import { int8Program } from "../lower/int8.ts";
import type { Program } from "../lower/program.ts";
import { Builder } from "../network/builder.ts";
import { fused } from "../network/fused.ts";
import type { Network } from "../network/op.ts";
import { nodeGpu } from "../node/gpu.ts";
import { onnxModel, splitQkv } from "../onnx/model.ts";
import { openCpuDevice } from "./cpu-device.ts";
import { Engine } from "./engine.ts";
import { GpuBackend } from "./gpu-backend.ts";
import { uploadWeights } from "./gpu-device.ts";
import { MEAN, madeUpPicture, madeUpTensors, PLAIN, STD, timmFiles } from "./made-up-vit.shared.ts";
import { describeModel, storedTensors } from "./model.ts";
import { openPicture } from "./picture.ts";

const VIT = { ...PLAIN, classes: 0, depth: 2 };
const tensors = madeUpTensors(VIT);
const folder = openFilesFolder(timmFiles(VIT, tensors));
const model = await describeModel(folder);
const picture = madeUpPicture(VIT);
const gpu = await openGpu({ gpu: await nodeGpu() });
afterAll(() => gpu.destroy());

/** Attention and MLP side by side behind one norm, as ViT-22B has them (Dehghani et al. 2023, section 2). */
function parallel(): Network {
  const net = new Builder();
  const { width, heads, depth, mlpWidth, side, patch } = VIT;
  const pixels = net.patches({ width: side, height: side, patch });
  const patches = net.linear("patch", pixels, { out: width, shape: [width, 3, patch, patch] });
  let x = net.table("positions", net.tokens(["class_token"], patches), { as: "x" });
  for (let i = 0; i < depth; i++) {
    const at = (name: string) => `blocks.${i}.${name}`;
    const normed = net.norm(at("norm1"), x, 1e-6);
    const [q, k, v] = ["query", "key", "value"].map((part) => net.linear(at(part), normed, { parts: heads }));
    const attended = net.linear(at("proj"), net.attention(at("attention"), q, k, v));
    const hidden = net.activation(at("gelu"), net.linear(at("fc1"), normed, { out: mlpWidth }), "gelu");
    const middle = net.add(at("sum1"), x, attended, { as: at("middle") });
    x = net.add(at("sum2"), middle, net.linear(at("fc2"), hidden, { out: width }), { as: at("x") });
  }
  return net.network({ embedding: net.row(net.norm("norm", x, 1e-6), 0) });
}

/** The same by hand, in f64. */
function reference(): Float64Array {
  const { width, heads, depth, side, patch } = VIT;
  const of = (name: string) => tensors.get(name)!.values;
  const linear = (name: string, row: Float64Array) => {
    const [w, bias] = [of(`${name}.weight`), of(`${name}.bias`)];
    return Float64Array.from(bias, (b, n) =>
      row.reduce((sum, value, k) => sum + value * w[n * row.length + k], b),
    );
  };
  const norm = (name: string, row: Float64Array) => {
    const mean = row.reduce((a, b) => a + b) / row.length;
    const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / row.length;
    const [gamma, beta] = [of(`${name}.weight`), of(`${name}.bias`)];
    return row.map((value, c) => ((value - mean) / Math.sqrt(variance + 1e-6)) * gamma[c] + beta[c]);
  };
  const pixelsOf = (p: number) =>
    Float64Array.from({ length: 3 * patch ** 2 }, (_, i) => {
      const c = Math.floor(i / patch ** 2);
      const y = Math.floor(p / (side / patch)) * patch + (Math.floor(i / patch) % patch);
      const column = (p % (side / patch)) * patch + (i % patch);
      return (picture.rgba[(y * side + column) * 4 + c] / 255 - MEAN[c]) / STD[c];
    });
  const patches = Array.from({ length: (side / patch) ** 2 }, (_, p) =>
    linear("patch_embed.proj", pixelsOf(p)),
  );
  let x = [Float64Array.from(of("cls_token")), ...patches].map((row, t) =>
    row.map((value, c) => value + of("pos_embed")[t * width + c]),
  );
  for (let i = 0; i < depth; i++) {
    const normed = x.map((row) => norm(`blocks.${i}.norm1`, row));
    const qkv = normed.map((row) => linear(`blocks.${i}.attn.qkv`, row));
    const mixed = qkv.map((query) => {
      const out = new Float64Array(width);
      for (let head = 0; head < heads; head++) {
        const channels = Array.from({ length: width / heads }, (_, d) => (head * width) / heads + d);
        const weights = qkv.map((key) =>
          Math.exp(
            channels.reduce((sum, c) => sum + query[c] * key[width + c], 0) / Math.sqrt(channels.length),
          ),
        );
        const mass = weights.reduce((a, b) => a + b);
        for (const c of channels)
          out[c] = qkv.reduce((sum, v, t) => sum + (weights[t] / mass) * v[2 * width + c], 0);
      }
      return linear(`blocks.${i}.attn.proj`, out);
    });
    const mlp = normed.map((row) =>
      linear(`blocks.${i}.mlp.fc2`, linear(`blocks.${i}.mlp.fc1`, row).map(geluOf)),
    );
    x = x.map((row, t) => row.map((value, c) => value + mixed[t][c] + mlp[t][c]));
  }
  return norm("norm", x[0]);
}

/** x Phi(x), with Phi by Simpson's rule: good to 1e-9 on what comes here. */
function geluOf(x: number): number {
  const steps = 400;
  const density = (t: number) => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI);
  let sum = density(0) + density(x);
  for (let i = 1; i < steps; i++) sum += (i % 2 ? 4 : 2) * density((i * x) / steps);
  return x * (0.5 + (sum * x) / steps / 3);
}

const network = fused(parallel());
const wanted = reference();
const programs: Record<string, Program> = {
  float32: floatProgram(network, model.affine),
  int8: int8Program(network, model.affine),
};

async function embeddingOf(program: Program, device: "webgpu" | "cpu"): Promise<Float32Array> {
  const packed = program.pack(storedTensors(folder, model, {}));
  const backend =
    device === "cpu"
      ? await (await openCpuDevice()).load(model, program, packed)
      : new GpuBackend(gpu, model, await uploadWeights(gpu, model.id, packed));
  const engine = new Engine(program, backend);
  const [alone] = await engine.run([await openPicture(picture)]);
  const other = await openPicture(madeUpPicture(VIT, 2));
  const [, second] = await engine.run([other, await openPicture(picture)]);
  await engine.destroy();
  expect(second.embedding).toEqual(alone.embedding);
  return alone.embedding;
}

describe.each(["webgpu", "cpu"] as const)("on %s", (device) => {
  // f32 of values up to 4 over two blocks; in int8 a tensor is off by 1/254 of its greatest value, a dozen times.
  test.each([
    ["float32", 2e-4],
    ["int8", 0.12],
  ])("%s", async (precision, most) => {
    const got = await embeddingOf(programs[precision], device);
    expect(got).toHaveLength(VIT.width);
    const worst = Math.max(...got.map((value, c) => Math.abs(value - wanted[c])));
    expect(worst).toBeLessThan(most);
    expect(worst).toBeGreaterThan(0);
  });
});

test("a norm that two products read is computed once, and what reads it makes as many rows", () => {
  const labels = programs.int8.graph(1).steps.map(({ label }) => label);
  expect(labels.filter((label) => label.endsWith("norm1"))).toHaveLength(2);
  const rows = Object.fromEntries(network.ops.map(({ name, out }) => [name, out.rows]));
  expect([rows["blocks.0.fc1"], rows["blocks.1.qkv"], rows["blocks.1.fc1"]]).toEqual([5, 5, 5]);
});

test("it is an ONNX file", () => {
  const floats = new Map([...tensors].map(([name, { values }]) => [model.names.canonical(name)!, values]));
  splitQkv(floats);
  expect(onnxModel("parallel", parallel(), floats, "fp32").length).toBeGreaterThan(0);
});

// A family is one file: what it describes is read, computed, packed, counted and exported without another line.

import { afterAll, describe, expect, test } from "vitest";
import { openFilesFolder } from "../format/files-folder.ts";
import { listWeights } from "../format/weights.ts";
import { openGpu } from "../gpu/gpu.ts";
import { affineOf } from "../image/normalise.ts";
import { costOf, sumOf } from "../lower/cost.ts";
import { floatProgram } from "../lower/float.ts";
import { int8Program } from "../lower/int8.ts";
import type { Program } from "../lower/program.ts";
import { checkTensors } from "../network/checked-tensors.ts";
import { fused } from "../network/fused.ts";
import { modelOf } from "../network/model.ts";
import { Names } from "../network/names.ts";
import { TIMM } from "../network/timm-names.ts";
import { nodeGpu } from "../node/gpu.ts";
import { floatTensors } from "../onnx/float-tensors.ts";
import { onnxModel } from "../onnx/model.ts";
import { openCpuDevice } from "./cpu-device.ts";
import { Engine } from "./engine.ts";
import { GpuBackend } from "./gpu-backend.ts";
import { uploadWeights } from "./gpu-device.ts";
import {
  MEAN,
  madeUpPicture,
  madeUpTensors,
  PLAIN,
  STD,
  type Tensors,
  timmFiles,
} from "./made-up-vit.shared.ts";
import { storedTensors } from "./model.ts";
import parallel from "./parallel-family.shared.ts";
import { openPicture } from "./picture.ts";

const VIT = { ...PLAIN, classes: 0, depth: 2 };
const tensors = madeUpTensors(VIT);
const config = {
  model_type: "parallel",
  hidden_size: VIT.width,
  num_hidden_layers: VIT.depth,
  num_attention_heads: VIT.heads,
  intermediate_size: VIT.mlpWidth,
  image_size: VIT.side,
  patch_size: VIT.patch,
};
const size = { height: VIT.side, width: VIT.side };
const described = modelOf(parallel, config, { size, image_mean: MEAN, image_std: STD });
const model = { ...described, id: "parallel", affine: affineOf(described.preprocessing) };
const { "model.safetensors": weights } = timmFiles(VIT, storedByFamily());
const folder = openFilesFolder({ "model.safetensors": weights });
const picture = madeUpPicture(VIT);
const gpu = await openGpu({ gpu: await nodeGpu() });
afterAll(() => gpu.destroy());

/** Under the family's own names, behind a wrapper's; it has no second norm. */
function storedByFamily(): Tensors {
  const timm = new Names([TIMM], []);
  const own = [...tensors].filter(([name]) => !name.includes("norm2"));
  return new Map(
    own.map(([name, tensor]) => [`module.${described.names.stored(timm.canonical(name)!)}`, tensor]),
  );
}

/** The forward pass by hand, in f64. */
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

/** x Phi(x), with Phi by Simpson's rule: accurate to 1e-9 for the inputs here. */
function geluOf(x: number): number {
  const steps = 400;
  const density = (t: number) => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI);
  let sum = density(0) + density(x);
  for (let i = 1; i < steps; i++) sum += (i % 2 ? 4 : 2) * density((i * x) / steps);
  return x * (0.5 + (sum * x) / steps / 3);
}

const network = fused(model.network);
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

test("its steps are counted, and it is an ONNX file", async () => {
  // Per block 12 w^2 and two products of tokens by tokens; and the patches.
  const { width, depth, mlpWidth, side, patch } = VIT;
  const tokens = 1 + (side / patch) ** 2;
  const block = tokens * (4 * width ** 2 + 2 * width * mlpWidth) + 2 * tokens ** 2 * width;
  const { macs } = sumOf(costOf(model.network).operations);
  expect(macs).toBe(depth * block + (tokens - 1) * width * 3 * patch ** 2);
  const signal = new AbortController().signal;
  const checked = await checkTensors(model, await listWeights(folder, signal));
  const floats = await floatTensors({ ...model, ...checked, folder }, signal);
  expect(onnxModel("parallel", model.network, floats, "fp32").length).toBeGreaterThan(0);
});

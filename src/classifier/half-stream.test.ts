// The residual stream in f16, if a machine supports it: the same results except for its rounding, and only if it is measured to be faster.

import { afterAll, describe, expect, test } from "vitest";
import { openFilesFolder } from "../format/files-folder.ts";
import { openGpu } from "../gpu/gpu.ts";
import { layernormHalfQuantize } from "../kernels/layernorm-half.ts";
import { gpuKernels } from "../lower/gpu-kernels.ts";
import { halfKernels } from "../lower/half-kernels.ts";
import { int8Program } from "../lower/int8.ts";
import { type Int8Kernels, int8Kernels } from "../lower/kernels.ts";
import { fused } from "../network/fused.ts";
import { nodeGpu } from "../node/gpu.ts";
import { answersRight } from "../scheduler/self-test.ts";
import type { Tuning } from "../scheduler/tune.ts";
import { Engine } from "./engine.ts";
import { GpuBackend } from "./gpu-backend.ts";
import { uploadWeights } from "./gpu-device.ts";
import { halfStream } from "./half-stream.ts";
import { madeUpPicture, madeUpTensors, PLAIN, timmFiles } from "./made-up-vit.shared.ts";
import { describeModel, storedTensors } from "./model.ts";
import { openPicture } from "./picture.ts";

const gpu = await openGpu({ gpu: await nodeGpu() });
afterAll(() => gpu.destroy());

const VIT = { ...PLAIN, depth: 1 };

async function logitsWith(kernels: Int8Kernels): Promise<Float32Array> {
  const folder = openFilesFolder(timmFiles(VIT, madeUpTensors(VIT)));
  const model = await describeModel(folder);
  const program = int8Program(fused(model.network), model.affine, kernels);
  const uploaded = await uploadWeights(gpu, model.id, program.pack(storedTensors(folder, model, {})));
  const engine = new Engine(program, new GpuBackend(gpu, model, uploaded));
  try {
    const [{ logits }] = await engine.run([await openPicture(madeUpPicture(VIT))]);
    return logits;
  } finally {
    await engine.destroy();
  }
}

describe.runIf(gpu.capabilities.features.has("shader-f16"))("with shader-f16", () => {
  test("the logits are those of an f32 stream but for its rounding", async () => {
    const full = await logitsWith(int8Kernels);
    const half = await logitsWith(halfKernels(gpuKernels));
    const distance = Math.hypot(...full.map((value, i) => half[i] - value)) / Math.hypot(...full);
    // Values of the stream are off by 2^-11 of themselves, and some int8 behind them by the step that this tips them over.
    expect(distance).toBeLessThan(2e-2);
    expect(distance).toBeGreaterThan(0);
  });

  test("LayerNorm finds the known answer", async () => {
    expect(await answersRight(gpu, layernormHalfQuantize, "workgroup")).toBe(true);
  });

  test("what was measured to be the faster is taken", async () => {
    const halves = { kernel: "layernorm_half_quantize", variant: "workgroup", why: "" };
    const full = { kernel: "layernorm_quantize", variant: "rows", why: "" };
    expect(await halfStream(gpu, remembering(halves))).toBe(halfKernels);
    expect(await halfStream(gpu, remembering(full))).toBeUndefined();
  });
});

/** As if everything had been measured before. */
function remembering(entry: object): Tuning {
  return { get: () => entry } as unknown as Tuning;
}

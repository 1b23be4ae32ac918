// Whether the residual stream is kept in f16 on a GPU, and what computes it then. Fetched where the GPU has f16.

import type { Gpu } from "../gpu/gpu.ts";
import { layernormQuantize } from "../kernels/layernorm.ts";
import { layernormHalfQuantize } from "../kernels/layernorm-half.ts";
import { ROW_SCALE } from "../quant/outlier.ts";
import { Plan } from "../scheduler/plan.ts";
import { type Graph, step } from "../scheduler/step.ts";
import { chooserByMeasuring, type Tuning } from "../scheduler/tune.ts";
import { halfKernels, halfWeights } from "../vit/half-kernels.ts";
import type { HalfStream } from "./device.ts";

/** Where LayerNorm, which does little but read the stream, is measured to be the faster for it; else undefined. */
export async function halfStream(gpu: Gpu, tuning: Tuning): Promise<HalfStream | undefined> {
  const { choose } = chooserByMeasuring(gpu, tuning);
  const plan = await Plan.create(gpu, probe(), { weights: new Map(), outputs: [], choose });
  plan.destroy();
  const { kernel } = plan.choices.get("stream")!;
  return kernel === layernormHalfQuantize ? { kernels: halfKernels, weights: halfWeights } : undefined;
}

/** One LayerNorm of about what five pictures of a ViT-B have; zeros take as long as numbers do. */
function probe(): Graph {
  const [rows, width] = [1024, 768];
  const norm = step(
    "stream",
    [layernormQuantize, layernormHalfQuantize],
    { rows, width, stride: width, eps: 1e-6 },
    { x: "x", gamma: "gamma", beta: "beta", out: "out", out_scale: "out_scale" },
  );
  const tensors = new Map([
    ["x", rows * width * 4],
    ["gamma", width * 4],
    ["beta", width * 4],
    ["out", rows * width],
    ["out_scale", rows * ROW_SCALE * 4],
  ]);
  return { steps: [norm], tensors, held: new Set(tensors.keys()) };
}

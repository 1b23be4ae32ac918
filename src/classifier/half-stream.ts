// Whether the residual stream is kept in f16 on a GPU, and what computes it then. Fetched where the GPU has f16.

import type { Gpu } from "../gpu/gpu.ts";
import { layernormQuantize } from "../kernels/layernorm.ts";
import { layernormHalfQuantize } from "../kernels/layernorm-half.ts";
import { halfKernels } from "../lower/half-kernels.ts";
import type { Streamed } from "../lower/program-of.ts";
import { ROW_SCALE } from "../quant/outlier.ts";
import { Plan } from "../scheduler/plan.ts";
import { type Graph, step, type Tensor } from "../scheduler/step.ts";
import { chooseByMeasuring, type Tuning } from "../scheduler/tune.ts";

/** If LayerNorm, which mostly reads the stream, is measured to be faster with it; otherwise undefined. */
export async function halfStream(gpu: Gpu, tuning: Tuning): Promise<Streamed | undefined> {
  const choose = chooseByMeasuring(gpu, tuning);
  const plan = await Plan.create(gpu, probe(), { weights: new Map(), outputs: [], choose });
  plan.destroy();
  const { kernel } = plan.choices.get("stream")!;
  return kernel === layernormHalfQuantize ? halfKernels : undefined;
}

/** One LayerNorm of about what five images of a ViT-B have; zeros take as long as numbers do. */
function probe(): Graph {
  const [rows, width] = [1024, 768];
  const norm = step(
    "stream",
    "norm",
    [layernormQuantize, layernormHalfQuantize],
    { rows, width, stride: width, eps: 1e-6 },
    { x: "x", gamma: "gamma", beta: "beta", out: "out", out_scale: "out_scale" },
  );
  const floats = (rows: number, columns: number) =>
    ({ rows, columns, form: "f32", byteLength: 4 * rows * columns }) as const;
  const tensors = new Map<string, Tensor>([
    ["x", floats(rows, width)],
    ["gamma", floats(1, width)],
    ["beta", floats(1, width)],
    ["out", { rows, columns: width, form: "row", byteLength: rows * width }],
    ["out_scale", floats(rows, ROW_SCALE)],
  ]);
  return { steps: [norm], tensors, held: new Set(tensors.keys()) };
}

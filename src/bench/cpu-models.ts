// Whole models with synthetic weights on the CPU: the time from pixels to logits with a number of threads, and the share of each kernel.

import { openCpuDevice } from "../classifier/cpu-device.ts";
import { Engine } from "../classifier/engine.ts";
import type { ModelDescription } from "../classifier/model.ts";
import { type Arithmetic, arithmeticOf } from "../lower/arithmetic.ts";
import { programOf } from "../lower/program-of.ts";
import { madeUpModel, madeUpTensors, SHAPES, type ShapeName } from "./made-up-model.ts";
import { type ModelRow, madeUpPictures, proven } from "./models.ts";
import { type Repeats, samplesOf, wallMs } from "./sampling.ts";
import { medianOf, type Spread, spreadOf } from "./statistics.ts";

/** How a platform starts threads. */
export type Threads = NonNullable<Parameters<typeof openCpuDevice>[1]>;

/** All steps of one kernel, for one image. */
export interface CpuShare {
  readonly kernel: string;
  readonly variant: string;
  readonly steps: number;
  /** Milliseconds: the sum of the steps' medians. */
  readonly ms: number;
  /** 10^9 operations a second; a multiply-add is two. */
  readonly gops: number;
}

export interface CpuRow extends Pick<ModelRow, "model" | "imageSize" | "batch"> {
  readonly threads: number;
  /** Wall milliseconds of a batch, pixels to logits. */
  readonly ms: Spread;
  readonly imagesPerSecond: number;
  readonly gops: number;
  /** Bytes of the model: weights and all tensors. */
  readonly byteLength: number;
  /** Shares of the kernels, with one thread and one image. */
  readonly kernels?: readonly CpuShare[];
}

export interface CpuBenchOptions {
  readonly repeats: Repeats;
  readonly arithmetic?: Partial<Arithmetic>;
  readonly signal?: AbortSignal;
}

/** One row for each batch and number of threads up to `threads.most`. Timing starts only after two runs gave the same finite logits. */
export async function benchModelOnCpu(
  name: ShapeName,
  imageSize: number,
  batches: readonly number[],
  threads: Threads,
  options: CpuBenchOptions,
): Promise<CpuRow[]> {
  const model = madeUpModel(name, SHAPES[name], imageSize);
  const rows: CpuRow[] = [];
  for (const most of [1, 2, 4, 8].filter((count) => count <= threads.most))
    rows.push(...(await rowsOf(model, name, batches, { ...threads, most }, options)));
  return rows;
}

async function rowsOf(
  model: ModelDescription,
  name: ShapeName,
  batches: readonly number[],
  threads: Threads,
  { repeats, arithmetic = {}, signal }: CpuBenchOptions,
): Promise<CpuRow[]> {
  const program = await programOf(model, arithmeticOf(arithmetic));
  const device = await openCpuDevice(undefined, threads);
  try {
    const engine = new Engine(program, await device.load(model, program, program.pack(madeUpTensors(model))));
    const rows: CpuRow[] = [];
    for (const batch of batches) {
      const pictures = await madeUpPictures(batch);
      await proven(engine, pictures);
      const { values } = await samplesOf(() => wallMs(() => engine.run(pictures, signal)), repeats, signal);
      const ms = spreadOf(values);
      const { steps } = program.graph(batch);
      const macs = steps.reduce((sum, { kernels: [kernel], problem }) => sum + kernel.macs(problem), 0);
      rows.push({
        ...{ model: name, imageSize: model.input.width, batch, threads: device.threads?.count ?? 1, ms },
        imagesPerSecond: (batch * 1000) / ms.median,
        gops: (2 * macs) / ms.median / 1e6,
        byteLength: device.bytes,
        ...(threads.most === 1 && batch === 1 && { kernels: await sharesOf(engine, repeats, signal) }),
      });
    }
    await engine.destroy();
    return rows;
  } finally {
    device.release();
  }
}

async function sharesOf(engine: Engine, repeats: Repeats, signal?: AbortSignal): Promise<CpuShare[]> {
  const [picture] = await madeUpPictures(1);
  const batch = await engine.prepare(1);
  const { values } = await samplesOf(async () => (await batch.profile(picture)).times, repeats, signal);
  const shares = new Map<string, CpuShare>();
  for (const { label, kernels, problem } of batch.graph.steps) {
    const { kernel, variant } = batch.choices.get(label)!;
    const { steps = 0, ms = 0, gops = 0 } = shares.get(kernel.name) ?? {};
    const more = medianOf(values.map((times) => times.get(label)!));
    const operations = gops * ms + (2 * kernels[0].macs(problem)) / 1e6;
    shares.set(kernel.name, {
      ...{ kernel: kernel.name, variant, steps: steps + 1 },
      ms: ms + more,
      gops: operations / (ms + more),
    });
  }
  return [...shares.values()].sort((a, b) => b.ms - a.ms);
}

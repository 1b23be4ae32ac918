// Whole models with synthetic weights: the time from pixels on the CPU to logits on the CPU, and the GPU time of each pass.

import { Engine, type PassTime, profileOf } from "../classifier/engine.ts";
import { GpuBackend, type GpuBatch } from "../classifier/gpu-backend.ts";
import type { ModelDescription } from "../classifier/model.ts";
import { openPicture, type PictureSource } from "../classifier/picture.ts";
import { DeviceError } from "../errors/errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { Timer } from "../gpu/timer.ts";
import { type Arithmetic, arithmeticOf } from "../lower/arithmetic.ts";
import type { Program } from "../lower/program.ts";
import { programOf } from "../lower/program-of.ts";
import type { Device } from "./device.ts";
import { madeUpModel, madeUpWeights, SHAPES, type ShapeName } from "./made-up-model.ts";
import type { Peaks } from "./peaks.ts";
import { madeUpPicture } from "./pixels.ts";
import { type Repeats, samplesOf, wallMs } from "./sampling.ts";
import { cosineOf } from "./score.ts";
import { type Spread, spreadOf } from "./statistics.ts";

/** A kernel's share of a run, in GPU milliseconds, each step timed by itself. */
export interface KernelShare {
  readonly kernel: string;
  readonly variant: string;
  readonly steps: number;
  readonly ms: number;
}

export interface ModelRow {
  readonly model: string;
  /** Pixels along a side of the image. */
  readonly imageSize: number;
  readonly batch: number;
  /** Absent, as all below, with `error`. Wall milliseconds of a batch, pixels to logits. */
  readonly ms?: Spread;
  /** Samples that a hidden tab has spoilt. */
  readonly discarded?: number;
  readonly imagesPerSecond?: number;
  /** 10^9 operations a second in linear layers and attention; a multiply-add is two. */
  readonly gops?: number;
  /** Share of the int8-dot peak. */
  readonly ofPeak?: number;
  /** Milliseconds of JavaScript to queue a batch's pixels. */
  readonly uploadMs?: Spread;
  /** Milliseconds of JavaScript to encode a batch's passes and submit them. */
  readonly encodeMs?: Spread;
  readonly dispatches?: number;
  readonly gpuBytes?: number;
  readonly kernels?: readonly KernelShare[];
  readonly passes?: readonly PassTime[];
  /** Cosine of the logits with those of the float32 arithmetic; where that was run. */
  readonly cosine?: number;
  readonly error?: string;
}

export interface ModelBenchOptions {
  readonly peaks: Peaks;
  readonly repeats: Repeats;
  /** How the models compute; default: the default of int8. */
  readonly arithmetic?: Partial<Arithmetic>;
  readonly signal?: AbortSignal;
  readonly onRow?: (row: ModelRow) => void;
}

/** Below this, the int8 arithmetic is broken, for any weights. */
const LEAST_COSINE = 0.95;

/** One row for each batch size. The smallest shape is compared with float32 before anything is timed. */
export async function benchModel(
  device: Device,
  name: ShapeName,
  imageSize: number,
  batches: readonly number[],
  options: ModelBenchOptions,
): Promise<ModelRow[]> {
  const rows: ModelRow[] = [];
  const arithmetic = arithmeticOf(options.arithmetic ?? {});
  const model = madeUpModel(name, SHAPES[name], imageSize);
  const program = await device.use((gpu) => programOf(model, arithmetic, gpu.capabilities));
  const lane = new Lane(model, program);
  // The float32 arithmetic of larger shapes takes long and shows no more.
  const compared = name === "ti" && imageSize <= 224;
  for (const batch of batches) {
    options.signal?.throwIfAborted();
    const row = { model: name, imageSize, batch };
    const measured = device.use(async (gpu) => {
      const engine = await lane.engineOn(gpu);
      const cosine = compared ? await lane.cosineOn(gpu) : undefined;
      return { ...row, cosine, ...(await benchBatch(gpu, engine, batch, options)) };
    });
    rows.push(await measured.catch((error) => failed(row, error, options.signal)));
    options.onRow?.(rows[rows.length - 1]);
  }
  await lane.destroy();
  return rows;
}

/** A row with the reason why there are no figures; rethrows an abort. */
function failed<R extends object>(
  row: R,
  error: Error,
  signal: AbortSignal | undefined,
): R & { error: string } {
  signal?.throwIfAborted();
  return { ...row, error: error.message };
}

/** One model's engine on the device of the day. */
class Lane {
  readonly #model: ModelDescription;
  readonly #program: Program;
  #gpu: Gpu | undefined;
  #engine: Engine<GpuBatch> | undefined;
  #cosine: number | undefined;

  constructor(model: ModelDescription, program: Program) {
    this.#model = model;
    this.#program = program;
  }

  async engineOn(gpu: Gpu): Promise<Engine<GpuBatch>> {
    if (this.#gpu !== gpu || !this.#engine) this.#engine = await engineOf(gpu, this.#model, this.#program);
    this.#gpu = gpu;
    return this.#engine;
  }

  async cosineOn(gpu: Gpu): Promise<number> {
    this.#cosine ??= await cosineWithFloat(gpu, await this.engineOn(gpu), this.#model);
    return this.#cosine;
  }

  async destroy(): Promise<void> {
    await this.#engine?.destroy();
  }
}

async function engineOf(gpu: Gpu, model: ModelDescription, program: Program): Promise<Engine<GpuBatch>> {
  return new Engine(program, new GpuBackend(gpu, model, await madeUpWeights(gpu, model, program)));
}

async function cosineWithFloat(gpu: Gpu, engine: Engine<GpuBatch>, model: ModelDescription): Promise<number> {
  const program = await programOf(model, arithmeticOf({ precision: "float32" }));
  const float = await engineOf(gpu, model, program);
  const pictures = await madeUpPictures(1);
  const [[int8], [float32]] = [await engine.run(pictures), await float.run(pictures)];
  await float.destroy();
  const cosine = cosineOf(int8.logits, float32.logits);
  if (!(cosine > LEAST_COSINE))
    throw new DeviceError(
      `${model.id}: expected int8 logits close to float32, got a cosine of ${cosine}: wrong on this driver`,
    );
  return cosine;
}

async function benchBatch(
  gpu: Gpu,
  engine: Engine<GpuBatch>,
  batch: number,
  { peaks, repeats, signal }: ModelBenchOptions,
): Promise<Partial<ModelRow>> {
  const pictures = await madeUpPictures(batch);
  await proven(engine, pictures);
  const { values, discarded } = await samplesOf(() => wallMs(() => engine.run(pictures)), repeats, signal);
  const ms = spreadOf(values);
  const prepared = await engine.prepare(batch);
  const { graph, plan, slots } = prepared;
  const encode = async () => {
    const start = performance.now();
    for (const [i, slot] of slots.entries()) slot.prepare(pictures[i], graph.firstRow(i));
    const uploaded = performance.now();
    let submitted = uploaded;
    const encodeInputs = (pass: GPUComputePassEncoder) => {
      for (const slot of slots) slot.encode(pass);
    };
    await plan.run(encodeInputs, {
      onSubmitted: () => {
        submitted = performance.now();
      },
    });
    return { uploadMs: uploaded - start, encodeMs: submitted - uploaded };
  };
  // A tenth of the time above or less, so the median needs more samples.
  const atLeast = 4 * repeats.atLeast;
  const host = (await samplesOf(encode, { ...repeats, atLeast }, signal)).values;
  const macs = plan.steps.reduce(
    (sum, { label, problem }) => sum + plan.choices.get(label)!.kernel.macs(problem),
    0,
  );
  const gops = (2 * macs) / ms.median / 1e6;
  const { source, preprocessMs, times } = await stepTimes(gpu, prepared);
  return {
    ms,
    imagesPerSecond: (batch * 1000) / ms.median,
    gops,
    ofPeak: peaks.dotGops && gops / peaks.dotGops,
    discarded,
    uploadMs: spreadOf(host.map(({ uploadMs }) => uploadMs)),
    encodeMs: spreadOf(host.map(({ encodeMs }) => encodeMs)),
    dispatches: engine.dispatches,
    gpuBytes: gpu.bytes,
    kernels: sharesOf(plan.choices, times),
    passes: profileOf({ source, times: new Map([["preprocess", preprocessMs], ...times]) }).passes,
  };
}

/** GPU milliseconds of making the patches, and of each step, by themselves. */
async function stepTimes(gpu: Gpu, { plan, slots }: GpuBatch) {
  const timer = new Timer(gpu);
  try {
    const preprocessMs = await timer.measure((pass) => {
      for (const slot of slots) slot.encode(pass);
    });
    return { source: timer.source, preprocessMs, times: await plan.profile(timer) };
  } finally {
    timer.destroy();
  }
}

/** @throws DeviceError unless the logits are finite and the same in two runs. */
export async function proven(engine: Engine, pictures: readonly PictureSource[]): Promise<void> {
  const [first, second] = [await engine.run(pictures), await engine.run(pictures)];
  for (const [i, { logits }] of first.entries()) {
    const bad = logits.findIndex((value, c) => !Number.isFinite(value) || value !== second[i].logits[c]);
    if (bad >= 0)
      throw new DeviceError(
        `logit ${bad} of image ${i}: expected ${logits[bad]} again, got ${second[i].logits[bad]}: wrong on this driver`,
      );
  }
}

export function madeUpPictures(count: number): Promise<PictureSource[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => openPicture(madeUpPicture(i, 224, 224))));
}

function sharesOf(
  choices: ReadonlyMap<string, { readonly kernel: { readonly name: string }; readonly variant: string }>,
  times: ReadonlyMap<string, number>,
): KernelShare[] {
  const shares = new Map<string, KernelShare>();
  for (const [step, ms] of times) {
    const { kernel, variant } = choices.get(step)!;
    const key = `${kernel.name}/${variant}`;
    const { steps, ms: sum } = shares.get(key) ?? { steps: 0, ms: 0 };
    shares.set(key, { kernel: kernel.name, variant, steps: steps + 1, ms: sum + ms });
  }
  return [...shares.values()].sort((a, b) => b.ms - a.ms);
}

// The public face: load a model, ask it what is in a picture.

import { DisposedError, UnsupportedDeviceError, UnsupportedModelError } from "../errors/errors.ts";
import { type ModelFolder, type ModelSource, resolveFolder } from "../format/folder.ts";
import type { AdapterFacts } from "../gpu/gpu.ts";
import type { Framing } from "../image/geometry.ts";
import type { AttentionMap } from "../vit/attention-map.ts";
import {
  type Arithmetic,
  arithmeticOf,
  kernelsFor,
  type Nonlinear,
  withNonlinear,
} from "../vit/nonlinear.ts";
import type { Precision } from "../vit/weights.ts";
import { type Classification, topClasses } from "./answer.ts";
import { type Device, type DeviceChoice, openDevice, type StreamWeights } from "./device.ts";
import { type Answer, Engine, type Profile } from "./engine.ts";
import type { GpuAccess } from "./gpu-device.ts";
import { describeModel, type LoadProgress, loadKept, loadWeights, type ModelDescription } from "./model.ts";
import { openPicture, type Picture, type PictureSource } from "./picture.ts";
import { pageNotebook } from "./tunings.ts";

export interface LoadOptions {
  readonly onProgress?: (progress: LoadProgress) => void;
  readonly signal?: AbortSignal;
  /** `int8` (default), or `float32`: the reference that int8 is judged against, four times the bytes. */
  readonly precision?: Precision;
  /**
   * How GELU, softmax and LayerNorm are computed: `exact` (default) in f32, `fast` with GELU by its tanh form, or, in int8, `ibert` and
   * `ivit`: in integers, as I-BERT and I-ViT do.
   */
  readonly nonlinear?: Nonlinear;
  /** What the weights file must have as its SHA-256: `sha256-` and base64, as in HTML; any other bytes are refused. */
  readonly integrity?: string;
  /** No float instruction from pixels to logits, which are the same bits on every adapter; with `ibert` (default) or `ivit`. Slow. */
  readonly integerOnly?: boolean;
  /**
   * `auto` (default): WebGPU, and the CPU where there is none, which `onProgress` and `report.advice` tell; `webgpu` or `cpu`:
   * that one. On the CPU of a page the model runs in a worker.
   */
  readonly device?: DeviceChoice;
  /** Where Hub ids are looked up; default https://huggingface.co. */
  readonly endpoint?: string | URL;
  /**
   * Whether kernels are chosen by measuring at load, for about 150 ms the first time on an adapter; default: on a GPU yes, on a software adapter, where
   * compiling a candidate costs more than it could gain, no: the table is taken.
   */
  readonly autotune?: boolean;
  /** Pictures in one submit at most, 1 to 64; default 8. */
  readonly maxBatch?: number;
  /** Load and run in a module worker, one for all classifiers of the page: its own thread stays free. Pages only. */
  readonly worker?: boolean;
}

export interface ClassifyOptions {
  /** Labels per picture; default 5. */
  readonly topK?: number;
  readonly signal?: AbortSignal;
}

/** Which kernel and variant ran how many steps, and why it was chosen. */
export interface KernelReport {
  readonly kernel: string;
  readonly variant: string;
  readonly steps: number;
  readonly why: string;
}

export interface Report extends Arithmetic {
  readonly model: string;
  readonly backend: "webgpu" | "cpu";
  readonly adapter: AdapterFacts;
  /** Why it is slower than a GPU would be, and what to do about that; undefined on a GPU. */
  readonly advice: string | undefined;
  readonly kernels: readonly KernelReport[];
  /** Dispatches of the last run; of a run of one picture before any. */
  readonly dispatches: number;
  /** Bytes of all buffers and textures on the device, those of other classifiers on it included. */
  readonly gpuBytes: number;
}

/** Where a classifier runs: what differs between a page and Node. */
export interface Platform<P> extends GpuAccess {
  readonly openFolder: (model: ModelSource, options: LoadOptions) => ModelFolder | Promise<ModelFolder>;
  readonly openPicture: (picture: P) => Promise<PictureSource>;
}

export const pagePlatform: Platform<Picture> = {
  openFolder: (model, { endpoint }) => resolveFolder(model, { endpoint }),
  openPicture,
  // Half a frame at 60 a second: the compositor gets its turn between two submits.
  sliceMs: 8,
  notebook: pageNotebook,
};

/** A page stays alive only while nobody computes on its own thread. */
const ON_PAGE = "document" in globalThis;

/** A Vision Transformer on the GPU that names what is in pictures. */
export class ImageClassifier<P = Picture> {
  readonly #device: Device;
  readonly #platform: Platform<P>;
  readonly #model: ModelDescription;
  readonly #engine: Engine;
  readonly #options: LoadOptions;
  #disposed = false;

  private constructor(
    device: Device,
    platform: Platform<P>,
    model: ModelDescription,
    engine: Engine,
    options: LoadOptions,
  ) {
    this.#device = device;
    this.#platform = platform;
    this.#model = model;
    this.#engine = engine;
    this.#options = options;
  }

  /**
   * Loads a model: a Hub id (`facebook/deit-tiny-patch16-224`), a URL, the `File`s of a folder, or bytes by file name.
   * Float weights are quantised while they stream in.
   * @throws UnsupportedDeviceError without WebGPU, where it is asked for; UnsupportedModelError, ModelFormatError, ModelLoadError for what is
   *   wrong with the model; the signal's reason when aborted. Nothing stays on the GPU then.
   */
  static async load(model: ModelSource, options: LoadOptions = {}): Promise<ImageClassifier> {
    const { device = "auto", worker = device === "cpu" && ON_PAGE } = options;
    const inWorker = async () => (await import("../worker/client.ts")).loadInWorker(model, options);
    if (worker) return inWorker();
    if (device !== "auto" || !ON_PAGE) return ImageClassifier.loadOn(pagePlatform, model, options);
    return ImageClassifier.loadOn(pagePlatform, model, { ...options, device: "webgpu" }).catch((error) => {
      if (error instanceof UnsupportedDeviceError) return inWorker();
      throw error;
    });
  }

  /**
   * `load` on another platform than a page.
   *
   * @internal
   */
  static async loadOn<P>(
    platform: Platform<P>,
    source: ModelSource,
    options: LoadOptions,
  ): Promise<ImageClassifier<P>> {
    const folder = await platform.openFolder(source, options);
    return loadKept(folder, () => ImageClassifier.#loadFrom(platform, folder, options));
  }

  static async #loadFrom<P>(
    platform: Platform<P>,
    folder: ModelFolder,
    options: LoadOptions,
  ): Promise<ImageClassifier<P>> {
    const { signal, onProgress, maxBatch = 8, integrity } = options;
    const arithmetic = arithmeticOf(options);
    const { precision } = arithmetic;
    if (!(Number.isInteger(maxBatch) && maxBatch >= 1 && maxBatch <= 64))
      throw new RangeError(`maxBatch: expected a whole number from 1 to 64, came ${maxBatch}`);
    if (integrity !== undefined && !/^sha256-[A-Za-z\d+/]{43}=$/.test(integrity))
      throw new RangeError(`integrity: expected sha256- and 44 characters of base64, came ${integrity}`);
    signal?.throwIfAborted();
    const device = await openDevice(platform, options.device, onProgress);
    try {
      onProgress?.({ stage: "download", file: "config.json" });
      const described = await describeModel(folder, signal);
      const model = { ...described, architecture: withNonlinear(described.architecture, arithmetic) };
      if (precision === "float32" && model.architecture.quantization)
        throw new UnsupportedModelError(
          `${model.id}: precision float32 needs a float checkpoint, this one is int8; load the float folder`,
        );
      const kernels = await kernelsFor(arithmetic);
      const calibrated =
        model.architecture.quantization?.calibration &&
        (await import("../vit/calibrated.ts")).calibrated(model.architecture, kernels);
      const loading = { precision, kernels, graph: calibrated?.graph, autotune: options.autotune };
      const stream: StreamWeights = (emit) =>
        loadWeights(calibrated?.weights(emit) ?? emit, folder, model, precision, options);
      const backend = await device.load(model, stream, loading);
      const engine = new Engine(model, loading, backend);
      try {
        onProgress?.({ stage: "compile" });
        await backend.compiling;
        onProgress?.({ stage: "self-test" });
        await engine.prepare(1);
        await backend.keep?.();
        signal?.throwIfAborted();
      } catch (error) {
        await engine.destroy();
        throw error;
      }
      onProgress?.({ stage: "ready" });
      return new ImageClassifier(device, platform, model, engine, options);
    } catch (error) {
      device.release();
      throw error;
    }
  }

  /** What the model calls its classes; empty for an embedding model. */
  get labels(): readonly string[] {
    return this.#model.architecture.labels;
  }

  /** How the model resizes and crops; `pictureGeometry` makes of it the box that it sees of a picture. */
  get framing(): Framing {
    return this.#model.preprocessing;
  }

  /**
   * The most probable labels of a picture, or of each of many, best first.
   * @throws PictureError for what cannot be decoded; DisposedError; the signal's reason.
   */
  classify(picture: P, options?: ClassifyOptions): Promise<Classification[]>;
  classify(pictures: readonly P[], options?: ClassifyOptions): Promise<Classification[][]>;
  async classify(input: P | readonly P[], { topK = 5, signal }: ClassifyOptions = {}) {
    if (this.labels.length === 0)
      throw new UnsupportedModelError(`${this.#model.id}: has no head to classify with; use embed()`);
    if (!(Number.isInteger(topK) && topK >= 1))
      throw new RangeError(`topK: expected a whole number from 1 on, came ${topK}`);
    return this.#each(input, signal, ({ logits }) => topClasses(logits, this.labels, topK));
  }

  /** The logits of a picture, or of each of many: one f32 per class, before softmax. */
  logits(picture: P, options?: { signal?: AbortSignal }): Promise<Float32Array>;
  logits(pictures: readonly P[], options?: { signal?: AbortSignal }): Promise<Float32Array[]>;
  async logits(input: P | readonly P[], { signal }: { signal?: AbortSignal } = {}) {
    return this.#each(input, signal, ({ logits }) => logits);
  }

  /** The class token after the last norm, [hidden size] f32: for comparing pictures. */
  embed(picture: P, options?: { signal?: AbortSignal }): Promise<Float32Array>;
  embed(pictures: readonly P[], options?: { signal?: AbortSignal }): Promise<Float32Array[]>;
  async embed(input: P | readonly P[], { signal }: { signal?: AbortSignal } = {}) {
    return this.#each(input, signal, ({ embedding }) => embedding);
  }

  /**
   * Where the model looks: attention of the class token over the patches, by head of the last block and as rollout over
   * all blocks. Costs a run and a second of JavaScript for large models; meant for looking at, not for speed.
   */
  async attention(picture: P, { signal }: { signal?: AbortSignal } = {}): Promise<AttentionMap> {
    return this.#with([picture], signal, ([source]) => this.#engine.attention(source, signal));
  }

  /** GPU time of one run by kind of pass: timestamps where the adapter has them. */
  async profile(picture: P): Promise<Profile> {
    return this.#with([picture], undefined, ([source]) => this.#engine.profile(source));
  }

  /** What runs where, and how much of it there is. */
  get report(): Report {
    return {
      model: this.#model.id,
      ...arithmeticOf(this.#options),
      backend: this.#device.backend,
      adapter: this.#device.adapter,
      advice: this.#device.advice,
      kernels: summarise(this.#engine.choices.values()),
      dispatches: this.#engine.dispatches,
      gpuBytes: this.#device.bytes,
    };
  }

  /** Gives the GPU's memory back, after the run in progress. A second call does nothing. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#engine.destroy();
    this.#device.release();
  }

  /** One answer for one picture, an array for an array. */
  async #each<T>(input: P | readonly P[], signal: AbortSignal | undefined, of: (answer: Answer) => T) {
    if (!Array.isArray(input)) return of((await this.#answers([input as P], signal))[0]);
    const { maxBatch = 8 } = this.#options;
    const ask = (i: number) => {
      const answers = this.#answers(input.slice(i, i + maxBatch), signal);
      answers.catch(() => {}); // told below, unless an earlier batch has failed
      return answers;
    };
    const results: T[] = [];
    let ahead = input.length > 0 ? ask(0) : undefined;
    for (let i = maxBatch; ahead; i += maxBatch) {
      const current = ahead;
      // The next pictures are decoded and uploaded while the GPU has these.
      ahead = i < input.length ? ask(i) : undefined;
      results.push(...(await current).map(of));
    }
    return results;
  }

  async #answers(pictures: readonly P[], signal: AbortSignal | undefined): Promise<Answer[]> {
    return this.#with(pictures, signal, (sources) => this.#engine.run(sources, signal));
  }

  /** Opens the pictures for `work` and closes them after it, whatever happens. */
  async #with<T>(
    pictures: readonly P[],
    signal: AbortSignal | undefined,
    work: (sources: readonly PictureSource[]) => Promise<T>,
  ): Promise<T> {
    this.#mustBeAlive();
    signal?.throwIfAborted();
    const opened = await Promise.allSettled(pictures.map((picture) => this.#platform.openPicture(picture)));
    const sources = opened.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    try {
      for (const result of opened) if (result.status === "rejected") throw result.reason;
      this.#mustBeAlive(); // it may have been disposed while the pictures were decoded
      const result = await work(sources);
      signal?.throwIfAborted();
      return result;
    } finally {
      for (const source of sources) source.close();
    }
  }

  #mustBeAlive(): void {
    if (this.#disposed)
      throw new DisposedError(`classifier of ${this.#model.id}: was disposed; load it again before using it`);
  }
}

function summarise(
  choices: Iterable<{ kernel: { name: string }; variant: string; why: string }>,
): KernelReport[] {
  const reports = new Map<string, KernelReport>();
  for (const { kernel, variant, why } of choices) {
    const key = `${kernel.name}/${variant}`;
    const steps = (reports.get(key)?.steps ?? 0) + 1;
    reports.set(key, { kernel: kernel.name, variant, steps, why });
  }
  return [...reports.values()];
}

// The public face: what a caller sees of a classifier, wherever it runs.

import type { ModelFolder, ModelSource } from "../format/folder.ts";
import type { AdapterFacts } from "../gpu/gpu.ts";
import type { Framing } from "../image/geometry.ts";
import type { Arithmetic, Nonlinear } from "../lower/arithmetic.ts";
import type { AttentionMap } from "../lower/attention-map.ts";
import type { Precision } from "../lower/pack/packer.ts";
import type { Classification } from "./answer.ts";
import type { Compared } from "./compared.ts";
import type { Detection, DetectOptions } from "./detect.ts";
import type { Advice, DeviceChoice } from "./device.ts";
import type { Features, Profile } from "./engine.ts";
import type { GpuAccess } from "./gpu-device.ts";
import type { LoadProgress } from "./model.ts";
import type { Picture, PictureSource } from "./picture.ts";

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
   * `auto` (default): the GPU, and the CPU where there is none, only a software adapter, or one that is measured to be slower, as
   * `onProgress` and `report.advice` say.
   * `webgpu`: WebGPU alone, software adapters included. `cpu`: the CPU, which on a page computes in a worker.
   */
  readonly device?: DeviceChoice;
  /** Of a model on the Hub: a branch, a tag, a commit or `refs/pr/1`; default main, or what the address says. */
  readonly revision?: string;
  /** Where Hub ids are looked up; default https://huggingface.co, in Node what `HF_ENDPOINT` says. */
  readonly endpoint?: string | URL;
  /**
   * Whether kernels, and with `auto` the device, are chosen by measuring at load, for about 150 ms the first time on an adapter; default: on a GPU yes, on a software adapter, where
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

/** A picture that fails does not fail the others: each has a result of its own, as `Promise.allSettled` has them. */
export interface SettledOptions {
  readonly settled: true;
}

export interface ManyOptions extends Partial<SettledOptions> {
  readonly signal?: AbortSignal;
}

/** What of a picture an embedding is: the model's own, its class token, or the mean of its patches. */
export type Pooling = "model" | "cls" | "mean";

export interface EmbedOptions {
  readonly pooling?: Pooling;
  readonly tokens?: boolean;
}

export interface EachOptions extends ClassifyOptions {
  /** Pictures that are read and not yet answered, at most; default 16. They run in groups of at most 8. */
  readonly concurrency?: number;
}

/** A picture of a stream, and what the caller calls it. */
export interface KeyedPicture<P = Picture, K = unknown> {
  readonly key: K;
  readonly picture: P;
}

/** The labels of a picture of a stream, or why there are none. */
export type EachResult<K = unknown> =
  | { readonly key: K; readonly result: Classification[]; readonly error?: undefined }
  | { readonly key: K; readonly error: Error; readonly result?: undefined };

/** Which kernel and variant ran how many steps, and why it was chosen. */
export interface KernelReport {
  readonly kernel: string;
  readonly variant: string;
  readonly steps: number;
  readonly why: string;
}

export interface Report extends Arithmetic {
  readonly model: string;
  /** Which weights the model's files hold: of quantised ones no `float32` can be made. */
  readonly checkpoint: "float" | "quantized";
  readonly backend: "webgpu" | "cpu";
  readonly adapter: AdapterFacts;
  /** Why the model runs on the CPU or on a software adapter, and what to do about it; undefined on a GPU. */
  readonly advice: Advice | undefined;
  /**
   * Milliseconds of the model's largest matrix product on the GPU and on the CPU, where `auto` compared them. The CPU's are absent where the
   * GPU is so fast that there was nothing to compare.
   */
  readonly compared?: Compared;
  /** Of the CPU: how many threads compute, and why so many. */
  readonly threads?: { readonly count: number; readonly why: string };
  readonly kernels: readonly KernelReport[];
  /** Dispatches of the last run; of a run of one picture before any. */
  readonly dispatches: number;
  /** Bytes of all buffers and textures on the device, those of other classifiers on it included. */
  readonly gpuBytes: number;
  /** Tensors of the weights file that the model does without, at most a hundred: an unused head, a loss, ... */
  readonly ignoredTensors: readonly string[];
  /** Why devices were lost, each replaced by another since the load. */
  readonly losses: readonly string[];
}

/** Where a classifier runs: what differs between a page and Node. */
export interface Platform<P> extends GpuAccess {
  readonly openFolder: (model: ModelSource, options: LoadOptions) => Promise<ModelFolder>;
  readonly openPicture: (picture: P, signal?: AbortSignal) => Promise<PictureSource>;
}

/** A Vision Transformer that names what is in pictures. */
export interface ImageClassifier<P = Picture> {
  /** What the model calls its classes; empty for an embedding model. */
  readonly labels: readonly string[];
  /** How the model resizes and crops; `pictureGeometry` makes of it the box that it sees of a picture. */
  readonly framing: Framing;
  /** What runs where, and how much of it there is. */
  readonly report: Report;
  /**
   * The most probable labels of a picture, or of each of many, best first. With `settled` one bad picture of many does not throw.
   * @throws PictureError for what cannot be decoded; DisposedError; the signal's reason.
   */
  classify(picture: P, options?: ClassifyOptions): Promise<Classification[]>;
  classify(
    pictures: readonly P[],
    options: ClassifyOptions & SettledOptions,
  ): Promise<PromiseSettledResult<Classification[]>[]>;
  classify(pictures: readonly P[], options?: ClassifyOptions): Promise<Classification[][]>;
  /**
   * The labels of each picture of a stream of any length, in its order. Pictures are taken from it as fast as they are classified,
   * `concurrency` ahead; one that cannot be read has an `error`, and the others go on.
   * @throws RangeError for a bad `concurrency` or `topK`; DisposedError; the signal's reason.
   */
  classifyEach<K>(
    pictures: AsyncIterable<KeyedPicture<P, K>> | Iterable<KeyedPicture<P, K>>,
    options?: EachOptions,
  ): AsyncGenerator<EachResult<K>>;
  /**
   * The objects in a picture, best first: what each is, and its box in pixels of the picture.
   * @throws UnsupportedModelError for a model that detects nothing; RangeError for a bad `threshold` or `topK`; as `classify`.
   */
  detect(picture: P, options?: DetectOptions): Promise<Detection[]>;
  /** The logits of a picture, or of each of many: one f32 per class, before softmax or sigmoid; of a detector [objects, classes + 1]. */
  logits(picture: P, options?: { signal?: AbortSignal }): Promise<Float32Array>;
  logits(
    pictures: readonly P[],
    options: { signal?: AbortSignal } & SettledOptions,
  ): Promise<PromiseSettledResult<Float32Array>[]>;
  logits(pictures: readonly P[], options?: { signal?: AbortSignal }): Promise<Float32Array[]>;
  /**
   * What the model makes of a picture before its head, [channels] f32, for comparing pictures: the class token after the last norm, the
   * mean of all tokens, a pooled or a projected one, as the model was trained. With `pooling` "cls" or "mean" that instead; with `tokens`
   * every patch by itself.
   * @throws UnsupportedModelError for `pooling` or `tokens` of a model that does not have them.
   */
  embed(picture: P, options: { tokens: true; signal?: AbortSignal }): Promise<Features>;
  embed(picture: P, options?: { pooling?: Pooling; signal?: AbortSignal }): Promise<Float32Array>;
  embed(
    pictures: readonly P[],
    options: { signal?: AbortSignal } & SettledOptions,
  ): Promise<PromiseSettledResult<Float32Array>[]>;
  embed(pictures: readonly P[], options?: { signal?: AbortSignal }): Promise<Float32Array[]>;
  /**
   * Where the model looks: attention of the class token over the patches, by head of the last block and as rollout over
   * all blocks. Costs a run and a second of JavaScript for large models; meant for looking at, not for speed.
   */
  attention(picture: P, options?: { signal?: AbortSignal }): Promise<AttentionMap>;
  /** GPU time of one run by kind of pass: timestamps where the adapter has them. */
  profile(picture: P): Promise<Profile>;
  /** Gives the GPU's memory back, after the run in progress. A second call does nothing. */
  dispose(): Promise<void>;
}

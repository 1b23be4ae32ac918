// The public API of a classifier, wherever it runs.

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

/** Options of `ImageClassifier.load`. */
export interface LoadOptions {
  /** Called at each stage of the load, and during the download. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Aborts the load. */
  readonly signal?: AbortSignal;
  /**
   * Arithmetic of weights and activations. `float32` is the reference for int8, and needs four times the memory.
   * @default "int8"
   */
  readonly precision?: Precision;
  /**
   * How GELU, softmax and LayerNorm are computed: `exact` in f32, `fast` with the tanh approximation of GELU, or, with int8, `ibert` and `ivit` in
   * integers, as in I-BERT and I-ViT.
   * @default "exact"
   */
  readonly nonlinear?: Nonlinear;
  /** Expected SHA-256 of the weights file, as in HTML: `sha256-` and base64. A file with another hash is rejected. */
  readonly integrity?: string;
  /**
   * Uses only integer instructions from pixels to logits, with `nonlinear` `ibert` (default) or `ivit`. Logits are bit-identical on every adapter. Slower.
   * @default false
   */
  readonly integerOnly?: boolean;
  /**
   * Where the model runs. `auto`: on the GPU; it falls back to the CPU if there is no GPU, only a software adapter, or one that is measured
   * to be slower, and reports this in `onProgress` and `report.advice`. `webgpu`: only WebGPU, including software adapters. `cpu`: the CPU,
   * in a page inside a worker.
   * @default "auto"
   */
  readonly device?: DeviceChoice;
  /**
   * Revision of a Hub model: a branch, a tag, a commit or `refs/pr/1`.
   * @default "main", or the revision in the URL
   */
  readonly revision?: string;
  /**
   * URL of the Hub.
   * @default "https://huggingface.co", in Node the environment variable `HF_ENDPOINT`
   */
  readonly endpoint?: string | URL;
  /**
   * Chooses kernel variants, and with `device: "auto"` the device, by measuring at load. Takes about 150 ms the first time on an adapter.
   * Otherwise variants come from a built-in table.
   * @default true on a GPU, false on a software adapter
   */
  readonly autotune?: boolean;
  /**
   * Maximum number of images per submit, 1 to 64.
   * @default 8
   */
  readonly maxBatch?: number;
  /**
   * Loads and runs the model in a module worker, shared by all classifiers of the page. Only in pages.
   * @default false, true with `device: "cpu"`
   */
  readonly worker?: boolean;
}

/** Options of `classify`. */
export interface ClassifyOptions {
  /**
   * Labels per image, 1 or more.
   * @default 5
   */
  readonly topK?: number;
  /** Aborts the call. */
  readonly signal?: AbortSignal;
}

/** Options of a call with several images that returns one result per image, as `Promise.allSettled` does. */
export interface SettledOptions {
  /** A bad image does not reject the call. */
  readonly settled: true;
}

/** Options of a call with one or several images. */
export interface ManyOptions extends Partial<SettledOptions> {
  /** Aborts the call. */
  readonly signal?: AbortSignal;
}

/** How the features of all tokens become one embedding: as in the model itself, the class token, or the mean of the patches. */
export type Pooling = "model" | "cls" | "mean";

/** Options of `embed`. */
export interface EmbedOptions {
  /**
   * How the features become one embedding.
   * @default "model"
   */
  readonly pooling?: Pooling;
  /**
   * Returns the features of every patch instead.
   * @default false
   */
  readonly tokens?: boolean;
}

/** Options of `classifyEach`. */
export interface EachOptions extends ClassifyOptions {
  /**
   * Maximum number of images that are read ahead. They run in batches of at most 8.
   * @default 16
   */
  readonly concurrency?: number;
}

/** An image of a stream, with a key that the caller chooses. */
export interface KeyedPicture<P = Picture, K = unknown> {
  readonly key: K;
  readonly picture: P;
}

/** The result of an image of a stream: predictions or an error. */
export type EachResult<K = unknown> =
  | { readonly key: K; readonly result: Classification[]; readonly error?: undefined }
  | { readonly key: K; readonly error: Error; readonly result?: undefined };

/** A kernel variant that the model runs. */
export interface KernelReport {
  readonly kernel: string;
  readonly variant: string;
  /** Number of steps that run it. */
  readonly steps: number;
  /** Why it was chosen. */
  readonly why: string;
}

/** What a classifier runs on, and how. */
export interface Report extends Arithmetic {
  /** The model id. */
  readonly model: string;
  /** Weights in the model's files. `precision: "float32"` needs `float`. */
  readonly checkpoint: "float" | "quantized";
  /** Layers that a quantized model keeps in float, such as `blocks.11.fc1`, with Q, K and V separate. They are computed in float32. */
  readonly floatLayers: readonly string[];
  readonly backend: "webgpu" | "cpu";
  readonly adapter: AdapterFacts;
  /** Why the model runs on the CPU or on a software adapter, and what to do about it; undefined on a GPU. */
  readonly advice: Advice | undefined;
  /**
   * Time in ms of the model's largest matrix product on the GPU and on the CPU, if `auto` compared them. Without the CPU's time if the GPU
   * is clearly faster.
   */
  readonly compared?: Compared;
  /** Number of threads on the CPU, and the reason for it; undefined on a GPU. */
  readonly threads?: { readonly count: number; readonly why: string };
  readonly kernels: readonly KernelReport[];
  /** Dispatches of the last run; before the first run, those of one image. */
  readonly dispatches: number;
  /** Bytes of all buffers and textures on the device, including those of other classifiers. */
  readonly gpuBytes: number;
  /** Names of tensors in the weights file that the model does not use, at most 100. */
  readonly ignoredTensors: readonly string[];
  /** Reasons of device losses since the load. Each lost device was replaced. */
  readonly losses: readonly string[];
}

/** The environment of a classifier: the differences between a page and Node. */
export interface Platform<P> extends GpuAccess {
  readonly openFolder: (model: ModelSource, options: LoadOptions) => Promise<ModelFolder>;
  readonly openPicture: (picture: P, signal?: AbortSignal) => Promise<PictureSource>;
}

/** A loaded Vision Transformer. */
export interface ImageClassifier<P = Picture> {
  /** The labels of the model, by class index; empty for an embedding model. */
  readonly labels: readonly string[];
  /** How the model resizes and crops images. `pictureGeometry` computes the visible box of an image from it. */
  readonly framing: Framing;
  /** The adapter, the kernels and the memory in use. */
  readonly report: Report;
  /**
   * Classifies an image, or each image of an array.
   * @param picture a URL, Blob, `<img>`, `<canvas>`, `<video>`, ImageBitmap, ImageData, VideoFrame or `{ width, height, rgba }`; in Node a
   *   path, a URL, a Blob, bytes or pixels. It has 2 to 65,535 pixels on each side and at most 100 megapixels.
   * @param options `topK`: labels per image; `settled`: one result or error per image
   * @returns the `topK` most probable labels, highest score first; for an array of images, an array of them. With `settled`, results as from
   *   `Promise.allSettled`.
   * @throws PictureError if an image cannot be decoded; UnsupportedModelError if the model has no classification head; RangeError for an
   *   unknown option or a bad `topK`; DisposedError; the signal's reason
   * @example
   * const [{ label, score }] = await classifier.classify(image);
   */
  classify(picture: P, options?: ClassifyOptions): Promise<Classification[]>;
  classify(
    pictures: readonly P[],
    options: ClassifyOptions & SettledOptions,
  ): Promise<PromiseSettledResult<Classification[]>[]>;
  classify(pictures: readonly P[], options?: ClassifyOptions): Promise<Classification[][]>;
  /** @hidden Again, because TypeScript explains a wrong argument by the last overload. */
  classify(picture: P, options?: ClassifyOptions): Promise<Classification[]>;
  /**
   * Classifies a stream of images of any length, in order. Reads at most `concurrency` images ahead.
   * @param pictures images with their keys
   * @returns a result for each image, with its key; an image that cannot be read has an `error`, and the others continue
   * @throws TypeError if `pictures` are not `{ key, picture }` in an iterable; RangeError for a bad `concurrency` or `topK`; DisposedError; the
   *   signal's reason
   */
  classifyEach<K>(
    pictures: AsyncIterable<KeyedPicture<P, K>> | Iterable<KeyedPicture<P, K>>,
    options?: EachOptions,
  ): AsyncGenerator<EachResult<K>>;
  /**
   * Detects objects in an image.
   * @param picture an image, as for `classify`
   * @returns label, score and box (in pixels of the image) of each object, highest score first
   * @throws UnsupportedModelError if the model has no detection head; RangeError for a bad `threshold` or `topK`; otherwise as `classify`
   */
  detect(picture: P, options?: DetectOptions): Promise<Detection[]>;
  /**
   * Computes the logits of an image, or of each image of an array.
   * @param picture an image, as for `classify`
   * @returns [classes] f32, before softmax or sigmoid; for a detection model [objects, classes + 1]
   * @throws UnsupportedModelError if the model has no head; otherwise as `classify`
   */
  logits(picture: P, options?: { signal?: AbortSignal }): Promise<Float32Array>;
  logits(
    pictures: readonly P[],
    options: { signal?: AbortSignal } & SettledOptions,
  ): Promise<PromiseSettledResult<Float32Array>[]>;
  logits(pictures: readonly P[], options?: { signal?: AbortSignal }): Promise<Float32Array[]>;
  /** @hidden Again, because TypeScript explains a wrong argument by the last overload. */
  logits(picture: P, options?: { signal?: AbortSignal }): Promise<Float32Array>;
  /**
   * Computes the embedding of an image, or of each image of an array, for comparing images. By default it is the one that the model was
   * trained to compute: the class token after the last norm, the mean of all tokens, or a pooled or projected vector.
   * @param picture an image, as for `classify`
   * @param options `pooling` "cls" or "mean" overrides the model's own pooling; `tokens` returns the features of every patch
   * @returns [channels] f32; with `tokens`, features of [height, width, channels]
   * @throws UnsupportedModelError if the model does not support `pooling` or `tokens`; otherwise as `classify`
   */
  embed(picture: P, options: { tokens: true; signal?: AbortSignal }): Promise<Features>;
  embed(picture: P, options?: { pooling?: Pooling; signal?: AbortSignal }): Promise<Float32Array>;
  embed(
    pictures: readonly P[],
    options: { signal?: AbortSignal } & SettledOptions,
  ): Promise<PromiseSettledResult<Float32Array>[]>;
  embed(pictures: readonly P[], options?: { signal?: AbortSignal }): Promise<Float32Array[]>;
  /** @hidden Again, because TypeScript explains a wrong argument by the last overload. */
  embed(picture: P, options?: { pooling?: Pooling; signal?: AbortSignal }): Promise<Float32Array>;
  /**
   * Computes the attention of the class token over the patches, per head of the last block and as rollout over all blocks. For large models
   * this takes a run and about a second of JavaScript.
   * @param picture an image, as for `classify`
   * @returns maps of [height, width] patches, f32
   * @throws UnsupportedModelError if the model has no class token; otherwise as `classify`
   */
  attention(picture: P, options?: { signal?: AbortSignal }): Promise<AttentionMap>;
  /**
   * Measures the time of each type of pass in one run, by GPU timestamps if the adapter has them.
   * @param picture an image, as for `classify`
   * @returns times in ms
   * @throws as `classify`
   */
  profile(picture: P): Promise<Profile>;
  /** Releases the memory on the device, after the current run. A second call does nothing. */
  dispose(): Promise<void>;
}

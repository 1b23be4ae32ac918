// A model on this thread, and its methods for images.

import { checkCall, checkChoice, checkCount, checkNames } from "../errors/check.ts";
import { UnsupportedDeviceError, UnsupportedModelError } from "../errors/errors.ts";
import { part } from "../errors/part.ts";
import { until } from "../errors/until.ts";
import { type ModelFolder, type ModelSource, resolveFolder } from "../format/folder.ts";
import type { Framing } from "../image/geometry.ts";
import { arithmeticOf } from "../lower/arithmetic.ts";
import type { AttentionMap } from "../lower/attention-map.ts";
import { type Classification, topClasses } from "./answer.ts";
import type {
  ClassifyOptions,
  EachOptions,
  EachResult,
  EmbedOptions,
  ImageClassifier,
  KeyedPicture,
  LoadOptions,
  ManyOptions,
  Platform,
  Report,
} from "./api.ts";
import { inBatches, type OpenOptions, withOpened } from "./batching.ts";
import { pageCache } from "./cache.ts";
import { CLASSIFY, EMBED, MANY, ONE } from "./call-options.ts";
import type { Detection, DetectOptions, Found } from "./detect.ts";
import type { Reason } from "./device.ts";
import type { Answer, Engine, Features, Profile } from "./engine.ts";
import type { Fitted } from "./fitted.ts";
import type { GpuAccess } from "./gpu-device.ts";
import { loadKept } from "./model.ts";
import { openPicture, type Picture, type PictureSource } from "./picture.ts";
import { Recovery } from "./recovery.ts";
import { reportOf } from "./report.ts";
import { openSession } from "./session.ts";

export const pagePlatform: Platform<Picture> = {
  openFolder: (model, { revision, endpoint }) => resolveFolder(model, { revision, endpoint }),
  openPicture,
  // Half a frame at 60 a second: the compositor gets its turn between two submits.
  sliceMs: 8,
  cache: pageCache,
};

const MAX_BATCH = 8;

/** The result of `answers` for an image. */
export interface LabelledAnswer {
  /** Empty without `topK`. */
  readonly classes: readonly Classification[];
  readonly embedding: Float32Array;
}

/** A classifier on the thread that loads it. */
export class LocalClassifier<P = Picture> implements ImageClassifier<P> {
  readonly #platform: Platform<P>;
  readonly #options: LoadOptions;
  readonly #recovery: Recovery;
  readonly #folder: ModelFolder;
  /** For a model with images of several sizes. */
  #fitted: Promise<Fitted> | undefined;

  private constructor(platform: Platform<P>, options: LoadOptions, recovery: Recovery, folder: ModelFolder) {
    this.#platform = platform;
    this.#options = options;
    this.#recovery = recovery;
    this.#folder = folder;
  }

  /** @param why the CPU is used, if WebGPU was tried before */
  static async loadOn<P>(
    platform: Platform<P>,
    source: ModelSource,
    options: LoadOptions,
    why?: Reason,
  ): Promise<LocalClassifier<P>> {
    checkCall(options);
    const folder = await until(options.signal, platform.openFolder(source, options));
    return loadKept(folder, async () => {
      checkOptions(options);
      options.signal?.throwIfAborted();
      const session = await openSession(platform, folder, options, why);
      return new LocalClassifier(
        platform,
        options,
        new Recovery(session, () => reopened(platform, folder, options)),
        folder,
      );
    });
  }

  get labels(): readonly string[] {
    return this.#recovery.session.model.labels;
  }

  get framing(): Framing {
    return this.#recovery.session.model.preprocessing;
  }

  get report(): Report {
    return reportOf(this.#recovery.session, this.#options, this.#recovery.losses);
  }

  readonly classify = (async (input: P | readonly P[], options: ClassifyOptions & ManyOptions = {}) => {
    checkNames(options, CLASSIFY);
    return this.#each(input, options, this.#naming(options.topK));
  }) as ImageClassifier<P>["classify"];

  /** Classes and embedding of each image, from one run. */
  async answers(
    pictures: readonly P[],
    { topK, ...options }: ClassifyOptions,
  ): Promise<PromiseSettledResult<LabelledAnswer>[]> {
    const classesOf = topK ? this.#naming(topK) : () => [];
    return this.#each(pictures, { ...options, settled: true }, (answer) => ({
      classes: classesOf(answer),
      embedding: answer.embedding,
    })) as Promise<PromiseSettledResult<LabelledAnswer>[]>;
  }

  #naming(topK = 5) {
    const { id, labels, scoring, network } = this.#recovery.session.model;
    const other = network.outputs.boxes ? "detect" : labels.length === 0 && "embed";
    if (other)
      throw new UnsupportedModelError(`${id}: expected a classification head, got none. Use ${other}().`);
    checkCount("topK", topK);
    return ({ logits }: Answer) => topClasses(logits, labels, topK, scoring);
  }

  async *classifyEach<K>(
    pictures: AsyncIterable<KeyedPicture<P, K>> | Iterable<KeyedPicture<P, K>>,
    options: EachOptions = {},
  ): AsyncGenerator<EachResult<K>> {
    const { classifyEach } = await part(import("./each.ts"));
    yield* classifyEach(this, pictures, options);
  }

  readonly logits = (async (input: P | readonly P[], options: ManyOptions = {}) => {
    checkNames(options, MANY);
    return this.#each(input, options, ({ logits }) => logits);
  }) as ImageClassifier<P>["logits"];

  readonly embed = (async (input: P | readonly P[], options: EmbedOptions & ManyOptions = {}) => {
    checkNames(options, EMBED);
    const { pooling = "model", tokens } = options;
    if (pooling === "model" && !tokens) return this.#each(input, options, ({ embedding }) => embedding);
    const { pooledEmbedding } = await part(import("./pooled.ts"));
    const { id } = this.#recovery.session.model;
    return pooledEmbedding(id, input, options, (picture) => this.features(picture, options));
  }) as ImageClassifier<P>["embed"];

  /** The input of `embed` for `tokens` and `pooling`. */
  features(picture: P, { signal }: { signal?: AbortSignal } = {}): Promise<Features> {
    return this.#ask(picture, signal, (engine, source) => engine.features(source, signal));
  }

  async detect(picture: P, options: DetectOptions = {}): Promise<Detection[]> {
    const { detections } = await part(import("./detect.ts"));
    return detections(this.labels, picture, options, (picture) => this.found(picture, options));
  }

  /** The input of `detect`. */
  async found(picture: P, { signal }: DetectOptions): Promise<Found> {
    const { id, network } = this.#recovery.session.model;
    if (!network.outputs.boxes)
      throw new UnsupportedModelError(`${id}: expected a detection head, got none. Load a YOLOS model.`);
    return this.#ask(picture, signal, async (engine, source) => {
      const [answer] = await engine.run([source], signal);
      return { ...answer, width: source.width, height: source.height };
    });
  }

  async attention(picture: P, options: { signal?: AbortSignal } = {}): Promise<AttentionMap> {
    checkNames(options, ONE);
    const { signal } = options;
    return this.#ask(picture, signal, (engine, source) => engine.attention(source, signal));
  }

  profile(picture: P): Promise<Profile> {
    return this.#ask(picture, undefined, (engine, source) => engine.profile(source));
  }

  async dispose(): Promise<void> {
    await (await this.#fitted)?.dispose();
    return this.#recovery.dispose();
  }

  /** One result for one image, an array for an array. */
  async #each<T>(
    input: P | readonly P[],
    { signal, settled: each }: ManyOptions,
    of: (answer: Answer) => T,
  ): Promise<T | T[] | PromiseSettledResult<T>[]> {
    if (!Array.isArray(input))
      return of(
        await this.#ask(
          input as P,
          signal,
          async (engine, source) => (await engine.run([source], signal))[0],
        ),
      );
    const maxBatch = this.#bounds ? 1 : (this.#options.maxBatch ?? MAX_BATCH);
    const run = (sources: readonly PictureSource[]) =>
      this.#run(sources[0], signal, async (engine) => (await engine.run(sources, signal)).map(of));
    if (!each)
      return inBatches(input, maxBatch, (pictures, index) =>
        this.#opened(pictures, run, { signal, from: { index, count: input.length } }),
      );
    this.#begin(signal);
    const { settled } = await part(import("./settled.ts"));
    return settled(input, maxBatch, signal, (picture) => this.#platform.openPicture(picture, signal), run);
  }

  /** Runs the engine on one image. */
  #ask<T>(
    picture: P,
    signal: AbortSignal | undefined,
    work: (engine: Engine, source: PictureSource) => Promise<T>,
  ): Promise<T> {
    const run = ([source]: readonly PictureSource[]) =>
      this.#run(source, signal, (engine) => work(engine, source));
    return this.#opened([picture], run, { signal });
  }

  get #bounds() {
    return this.#recovery.session.model.preprocessing.bounds;
  }

  /** On the engine for images as large as `picture`. */
  async #run<T>(
    picture: PictureSource,
    signal: AbortSignal | undefined,
    work: (engine: Engine) => Promise<T>,
  ): Promise<T> {
    if (!this.#bounds) return this.#recovery.run(signal, work);
    this.#fitted ??= part(import("./fitted.ts")).then(
      ({ Fitted }) => new Fitted(this.#recovery, this.#platform, this.#folder, this.#options),
    );
    return (await this.#fitted).run(picture, signal, work);
  }

  async #opened<T>(
    pictures: readonly P[],
    work: (sources: readonly PictureSource[]) => Promise<T>,
    options: OpenOptions,
  ): Promise<T> {
    this.#begin(options.signal);
    return withOpened(pictures, this.#platform.openPicture, work, options);
  }

  #begin(signal: AbortSignal | undefined): void {
    this.#recovery.mustBeOpen();
    checkCall({ signal });
  }
}

const OPTIONS = {
  onProgress: 0,
  signal: 0,
  precision: 0,
  nonlinear: 0,
  integrity: 0,
  integerOnly: 0,
  device: 0,
  revision: 0,
  endpoint: 0,
  autotune: 0,
  maxBatch: 0,
  worker: 0,
} satisfies Record<keyof LoadOptions, 0>;

/** @throws RangeError for an unknown option, or a value that an option does not have */
function checkOptions(options: LoadOptions): void {
  checkNames(options, OPTIONS);
  const { maxBatch = MAX_BATCH, integrity, device = "auto" } = options;
  checkChoice("device", ["auto", "webgpu", "cpu"], device);
  arithmeticOf(options); // rejects options that cannot be combined
  checkCount("maxBatch", maxBatch, 64);
  if (integrity !== undefined && !/^sha256-[A-Za-z\d+/]{43}=$/.test(integrity))
    throw new RangeError(`integrity: expected sha256- and 44 characters of base64, got ${integrity}.`);
}

/** On another device: who loaded the model hears no second progress, and the signal was for the first load. */
function reopened(access: GpuAccess, folder: ModelFolder, options: LoadOptions) {
  const quiet = { ...options, onProgress: undefined, signal: undefined };
  const isGone = (error: unknown) => error instanceof UnsupportedDeviceError;
  return openSession(access, folder, quiet, undefined, isGone);
}

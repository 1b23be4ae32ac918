// A model on this thread, asked what is in pictures: batches, and another device in the place of a lost one.

import { DisposedError, UnsupportedDeviceError, UnsupportedModelError } from "../errors/errors.ts";
import { part } from "../errors/part.ts";
import { until } from "../errors/until.ts";
import { type ModelFolder, type ModelSource, resolveFolder } from "../format/folder.ts";
import type { Framing } from "../image/geometry.ts";
import { arithmeticOf, checkChoice } from "../lower/arithmetic.ts";
import type { AttentionMap } from "../lower/attention-map.ts";
import { type Classification, topClasses } from "./answer.ts";
import type {
  ClassifyOptions,
  ImageClassifier,
  KernelReport,
  LoadOptions,
  ManyOptions,
  Platform,
  Report,
  SettledOptions,
} from "./api.ts";
import type { Answer, Engine, Profile } from "./engine.ts";
import { loadKept } from "./model.ts";
import { numbered } from "./numbered.ts";
import { openPicture, type Picture, type PictureSource } from "./picture.ts";
import { CLEAN_UP_MS, closeSession, lossOf, lostTwice, openSession, type Session } from "./session.ts";
import { pageNotebook } from "./tunings.ts";

export const pagePlatform: Platform<Picture> = {
  openFolder: (model, { revision, endpoint }) => resolveFolder(model, { revision, endpoint }),
  openPicture,
  // Half a frame at 60 a second: the compositor gets its turn between two submits.
  sliceMs: 8,
  notebook: pageNotebook,
};

/** A classifier on the thread that loads it. */
export class LocalClassifier<P = Picture> implements ImageClassifier<P> {
  readonly #platform: Platform<P>;
  readonly #folder: ModelFolder;
  readonly #options: LoadOptions;
  #session: Session;
  /** The session after a lost device, as soon as it is asked for. */
  #next: Promise<Session> | undefined;
  readonly #losses: string[] = [];
  #disposed = false;

  private constructor(platform: Platform<P>, folder: ModelFolder, options: LoadOptions, session: Session) {
    this.#platform = platform;
    this.#folder = folder;
    this.#options = options;
    this.#session = session;
  }

  /** @param why the CPU is asked for, where WebGPU was tried before */
  static async loadOn<P>(
    platform: Platform<P>,
    source: ModelSource,
    options: LoadOptions,
    why?: string,
  ): Promise<LocalClassifier<P>> {
    const folder = await until(options.signal, platform.openFolder(source, options));
    return loadKept(folder, () => LocalClassifier.#loadFrom(platform, folder, options, why));
  }

  static async #loadFrom<P>(
    platform: Platform<P>,
    folder: ModelFolder,
    options: LoadOptions,
    why: string | undefined,
  ): Promise<LocalClassifier<P>> {
    const { signal, maxBatch = 8, integrity, device = "auto" } = options;
    checkChoice("device", ["auto", "webgpu", "cpu"], device);
    arithmeticOf(options); // refuses what cannot be combined
    if (!(Number.isInteger(maxBatch) && maxBatch >= 1 && maxBatch <= 64))
      throw new RangeError(`maxBatch: expected a whole number from 1 to 64, came ${maxBatch}`);
    if (integrity !== undefined && !/^sha256-[A-Za-z\d+/]{43}=$/.test(integrity))
      throw new RangeError(`integrity: expected sha256- and 44 characters of base64, came ${integrity}`);
    signal?.throwIfAborted();
    const session = await openSession(platform, folder, options, why);
    return new LocalClassifier(platform, folder, options, session);
  }

  /** What the model calls its classes; empty for an embedding model. */
  get labels(): readonly string[] {
    return this.#session.model.architecture.labels;
  }

  /** How the model resizes and crops; `pictureGeometry` makes of it the box that it sees of a picture. */
  get framing(): Framing {
    return this.#session.model.preprocessing;
  }

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
  async classify(input: P | readonly P[], { topK = 5, ...options }: ClassifyOptions & ManyOptions = {}) {
    if (this.labels.length === 0)
      throw new UnsupportedModelError(`${this.#session.model.id}: has no head to classify with; use embed()`);
    if (!(Number.isInteger(topK) && topK >= 1))
      throw new RangeError(`topK: expected a whole number from 1 on, came ${topK}`);
    const { labels, scoring } = this.#session.model.architecture;
    return this.#each(input, options, ({ logits }) => topClasses(logits, labels, topK, scoring));
  }

  /** The logits of a picture, or of each of many: one f32 per class, before softmax or sigmoid. */
  logits(picture: P, options?: { signal?: AbortSignal }): Promise<Float32Array>;
  logits(
    pictures: readonly P[],
    options: { signal?: AbortSignal } & SettledOptions,
  ): Promise<PromiseSettledResult<Float32Array>[]>;
  logits(pictures: readonly P[], options?: { signal?: AbortSignal }): Promise<Float32Array[]>;
  async logits(input: P | readonly P[], options: ManyOptions = {}) {
    return this.#each(input, options, ({ logits }) => logits);
  }

  /** The class token after the last norm, [hidden size] f32: for comparing pictures. */
  embed(picture: P, options?: { signal?: AbortSignal }): Promise<Float32Array>;
  embed(
    pictures: readonly P[],
    options: { signal?: AbortSignal } & SettledOptions,
  ): Promise<PromiseSettledResult<Float32Array>[]>;
  embed(pictures: readonly P[], options?: { signal?: AbortSignal }): Promise<Float32Array[]>;
  async embed(input: P | readonly P[], options: ManyOptions = {}) {
    return this.#each(input, options, ({ embedding }) => embedding);
  }

  /**
   * Where the model looks: attention of the class token over the patches, by head of the last block and as rollout over
   * all blocks. Costs a run and a second of JavaScript for large models; meant for looking at, not for speed.
   */
  async attention(picture: P, { signal }: { signal?: AbortSignal } = {}): Promise<AttentionMap> {
    return this.#with([picture], signal, (engine, [source]) => engine.attention(source, signal));
  }

  /** GPU time of one run by kind of pass: timestamps where the adapter has them. */
  async profile(picture: P): Promise<Profile> {
    return this.#with([picture], undefined, (engine, [source]) => engine.profile(source));
  }

  /** What runs where, and how much of it there is. */
  get report(): Report {
    const { device, model, engine, ignored } = this.#session;
    return {
      model: model.id,
      checkpoint: model.architecture.quantization ? "quantized" : "float",
      ...arithmeticOf(this.#options),
      backend: device.backend,
      adapter: device.adapter,
      advice: device.advice,
      threads: device.threads,
      kernels: summarise(engine.choices.values()),
      dispatches: engine.dispatches,
      gpuBytes: device.bytes,
      ignoredTensors: ignored.slice(0, 100),
      losses: [...this.#losses],
    };
  }

  /** Gives the GPU's memory back, after the run in progress. A second call does nothing. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#next?.catch(() => {});
    await closeSession(this.#session);
  }

  /** One answer for one picture, an array for an array. */
  async #each<T>(
    input: P | readonly P[],
    { signal, settled: each }: ManyOptions,
    of: (answer: Answer) => T,
  ): Promise<T | T[] | PromiseSettledResult<T>[]> {
    if (!Array.isArray(input)) return of((await this.#answers([input as P], signal))[0]);
    const { maxBatch = 8 } = this.#options;
    if (each) {
      this.#begin(signal);
      const { settled } = await part(import("./settled.ts"));
      const run = async (sources: readonly PictureSource[]) =>
        (await this.#run(sources, signal, (engine) => engine.run(sources, signal))).map(of);
      const open = (picture: P) => this.#platform.openPicture(picture, signal);
      return settled(input, maxBatch, signal, open, run);
    }
    const ask = (i: number) => {
      const answers = this.#answers(input.slice(i, i + maxBatch), signal, i);
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

  async #answers(pictures: readonly P[], signal?: AbortSignal, first?: number): Promise<Answer[]> {
    return this.#with(pictures, signal, (engine, sources) => engine.run(sources, signal), first);
  }

  /** Opens the pictures for `work` and closes them after it, whatever happens. Of many, `first` is the number of the first one here. */
  async #with<T>(
    pictures: readonly P[],
    signal: AbortSignal | undefined,
    work: (engine: Engine, sources: readonly PictureSource[]) => Promise<T>,
    first?: number,
  ): Promise<T> {
    this.#begin(signal);
    const opening = pictures.map((picture) => this.#platform.openPicture(picture, signal));
    try {
      const opened = await until(signal, Promise.allSettled(opening));
      const sources = opened.map((result, i) => {
        if (result.status === "fulfilled") return result.value;
        throw first === undefined ? result.reason : numbered(result.reason, first + i);
      });
      return await this.#run(sources, signal, work);
    } finally {
      // Those too that come when nobody waits for them any more.
      for (const source of opening)
        source.then(
          (it) => it.close(),
          () => {},
        );
    }
  }

  #begin(signal: AbortSignal | undefined): void {
    this.#mustBeAlive();
    signal?.throwIfAborted();
  }

  async #run<T>(
    sources: readonly PictureSource[],
    signal: AbortSignal | undefined,
    work: (engine: Engine, sources: readonly PictureSource[]) => Promise<T>,
  ): Promise<T> {
    this.#mustBeAlive(); // it may have been disposed while the pictures were decoded
    const result = this.#surviving(signal, (engine) => work(engine, sources));
    return until(signal, result, CLEAN_UP_MS);
  }

  /** Runs `work`, and where the device is lost meanwhile, once more on a new one. */
  async #surviving<T>(signal: AbortSignal | undefined, work: (engine: Engine) => Promise<T>): Promise<T> {
    const session = this.#session;
    try {
      return await work(session.engine);
    } catch (error) {
      await this.#recover(session, signal, error);
    }
    const next = this.#session;
    try {
      return await work(next.engine);
    } catch (error) {
      const reason = signal?.aborted ? undefined : await lossOf(next.device);
      throw reason === undefined ? error : lostTwice(next.model.id, reason, error);
    }
  }

  /** Opens the model on a new device, once for all calls that the loss interrupted; rethrows what was no loss. */
  async #recover(session: Session, signal: AbortSignal | undefined, error: unknown): Promise<void> {
    const reason = signal?.aborted ? undefined : await lossOf(session.device);
    if (reason === undefined) throw error;
    this.#mustBeAlive();
    if (this.#session === session) {
      this.#next ??= this.#reopen(session, reason);
      await this.#next;
    }
    signal?.throwIfAborted();
  }

  async #reopen(session: Session, reason: string): Promise<Session> {
    try {
      // Whoever loaded it hears no second progress; its signal was for the first load.
      const quiet = { ...this.#options, onProgress: undefined, signal: undefined };
      const isGone = (error: unknown) => error instanceof UnsupportedDeviceError;
      this.#session = await openSession(this.#platform, this.#folder, quiet, undefined, isGone);
      this.#losses.push(reason);
      void closeSession(session);
      return this.#session;
    } finally {
      this.#next = undefined;
    }
  }

  #mustBeAlive(): void {
    if (this.#disposed)
      throw new DisposedError(
        `classifier of ${this.#session.model.id}: was disposed; load it again before using it`,
      );
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

// Images and texts in one embedding space: classification by label names, without training.

import { type Classification, topClasses } from "../classifier/answer.ts";
import type { ImageClassifier, LoadOptions, ManyOptions, Report, SettledOptions } from "../classifier/api.ts";
import { MANY } from "../classifier/call-options.ts";
import { checkCall, checkNames, wrongType } from "../errors/check.ts";
import { DisposedError } from "../errors/errors.ts";
import { until } from "../errors/until.ts";
import type { ModelFolder } from "../format/folder.ts";
import type { Scoring } from "../format/labels.ts";
import { PictureEmbeddings } from "./picture-embeddings.ts";
import { TextEmbeddings, type TextOptions } from "./text-embeddings.ts";
import type { TextTower } from "./text-tower.ts";
import { readTokenizer, type TextTokenizer } from "./tokenizer.ts";
import { describeText } from "./tower.ts";
import { cosineOf, meanOf } from "./unit-length.ts";
import { each, withLabels } from "./with-labels.ts";

/** Options of `embedText` and `withLabels`. */
export interface EmbedTextOptions extends TextOptions {
  /**
   * Prompt for a label, with `{}` for the label. The embeddings of several templates are averaged.
   * @default "a photo of a {}." for `classify`, "{}" for `embedText`
   */
  readonly template?: string | readonly string[];
}

/** Options of `classify`. */
export interface ZeroShotOptions extends EmbedTextOptions {
  /**
   * Labels per image, 1 or more.
   * @default 5
   */
  readonly topK?: number;
}

const EMBED_TEXT = { template: 0, onProgress: 0, signal: 0 } satisfies Record<keyof EmbedTextOptions, 0>;
const CLASSIFY = { topK: 0, ...EMBED_TEXT, ...MANY } satisfies Record<
  keyof (ZeroShotOptions & ManyOptions),
  0
>;

/** How each tower is loaded. */
export interface Loaders<P> {
  readonly images: (options: LoadOptions) => Promise<ImageClassifier<P>>;
  /** Loads the text tower on the device of the image tower. */
  readonly texts: (options: LoadOptions, images: ImageClassifier<P>) => Promise<TextTower>;
}

/** The default template of `classify`. */
export const TEMPLATE = "a photo of a {}.";

/** A CLIP or SigLIP model, which classifies images by your own labels. */
export class ZeroShotClassifier<P> {
  readonly #images: ImageClassifier<P>;
  readonly #tower: TextTower;
  readonly #scoring: Scoring;
  readonly #texts: TextEmbeddings;
  readonly #pictures: PictureEmbeddings<P>;
  #disposed = false;

  private constructor(
    images: ImageClassifier<P>,
    tower: TextTower,
    tokenizer: TextTokenizer,
    scoring: Scoring,
  ) {
    this.#images = images;
    this.#tower = tower;
    this.#scoring = scoring;
    this.#texts = new TextEmbeddings(tower, tokenizer);
    this.#pictures = new PictureEmbeddings(images);
  }

  /**
   * Loads both towers of a model. Configs and tokenizer are read before any weight.
   * @throws as `ImageClassifier.load`; UnsupportedModelError if the text tower is not supported
   */
  static async loadWith<P>(
    folder: ModelFolder,
    load: Loaders<P>,
    options: LoadOptions,
  ): Promise<ZeroShotClassifier<P>> {
    const { signal, onProgress } = options;
    const { places, fixedLength: pad, scoring } = await describeText(folder, signal);
    const tokenizer = await until(signal, readTokenizer(folder, { places, pad, signal }));
    const untilReady: LoadOptions["onProgress"] = (progress) => {
      if (progress.stage !== "ready") onProgress?.(progress);
    };
    const images = await load.images({ ...options, onProgress: untilReady });
    try {
      // Both on the device that the image tower runs on.
      const device = images.report.backend;
      const tower = await load.texts({ ...options, onProgress: untilReady, device }, images);
      onProgress?.({ stage: "ready" });
      return new ZeroShotClassifier(images, tower, tokenizer, scoring);
    } catch (error) {
      await images.dispose();
      throw error;
    }
  }

  /** The report of the image tower. */
  get report(): Report {
    return this.#images.report;
  }

  /** The report of the text tower. */
  get textReport(): Report {
    return this.#tower.report;
  }

  /**
   * Classifies an image, or each image of an array, by your labels. Embeddings of earlier labels and images are cached.
   * @param labels names of your classes, at least one
   * @param picture an image, as for `ImageClassifier.classify`
   * @returns the `topK` most probable labels, highest score first. With `settled`, results as from `Promise.allSettled`.
   * @throws RangeError for no labels or a bad `topK`; PictureError if an image cannot be decoded; DisposedError; the signal's reason
   * @example
   * const [{ label }] = await classifier.classify(image, ["cat", "dog"]);
   */
  classify(picture: P, labels: readonly string[], options?: ZeroShotOptions): Promise<Classification[]>;
  classify(
    pictures: readonly P[],
    labels: readonly string[],
    options: ZeroShotOptions & SettledOptions,
  ): Promise<PromiseSettledResult<Classification[]>[]>;
  classify(
    pictures: readonly P[],
    labels: readonly string[],
    options?: ZeroShotOptions,
  ): Promise<Classification[][]>;
  /** @hidden Again, because TypeScript explains a wrong argument by the last overload. */
  classify(picture: P, labels: readonly string[], options?: ZeroShotOptions): Promise<Classification[]>;
  async classify(
    input: P | readonly P[],
    labels: readonly string[],
    options: ZeroShotOptions & ManyOptions = {},
  ): Promise<unknown> {
    checkNames(options, CLASSIFY);
    const { topK, template, onProgress, ...rest } = options;
    const { signal } = rest;
    const named = await this.withLabels(labels, { template, onProgress, signal });
    return named.classify(input as readonly P[], { topK, ...rest });
  }

  /**
   * Returns an `ImageClassifier` with fixed labels. Its `dispose` releases both towers.
   * @param labels names of your classes, at least one
   * @throws RangeError for no labels; DisposedError; the signal's reason
   */
  async withLabels(labels: readonly string[], options: EmbedTextOptions = {}): Promise<ImageClassifier<P>> {
    checkNames(options, EMBED_TEXT);
    const { template = TEMPLATE, ...rest } = options;
    checkTexts("labels", labels);
    if (labels.length === 0)
      throw new RangeError("labels: expected at least one, got none. Pass the names of your classes.");
    const texts = await this.embedText(labels, { template, ...rest });
    return withLabels({
      images: this.#images,
      pictures: this.#pictures,
      labels: [...labels],
      scoring: this.#scoring,
      logitsOf: (image) => this.logits(image, texts),
      dispose: () => this.dispose(),
    });
  }

  /**
   * Computes logits from embeddings, like `logits_per_image` of transformers.
   * @param image [channels] f32
   * @param texts one [channels] f32 per text
   * @returns [texts] f32
   */
  logits(image: Float32Array, texts: readonly Float32Array[]): Float32Array {
    const { scale, bias } = this.#tower.logits;
    return Float32Array.from(texts, (text) => scale * cosineOf(image, text) + bias);
  }

  /**
   * Computes scores from embeddings, 0 to 1: softmax (CLIP) or sigmoid (SigLIP).
   * @param image [channels] f32
   * @param texts one [channels] f32 per text
   * @returns [texts] f32, in the order of the texts
   */
  score(image: Float32Array, texts: readonly Float32Array[]): Float32Array {
    const scores = new Float32Array(texts.length);
    const labels = texts.map(() => "");
    for (const { index, score } of topClasses(
      this.logits(image, texts),
      labels,
      labels.length,
      this.#scoring,
    ))
      scores[index] = score;
    return scores;
  }

  /**
   * Computes the cosine of two embeddings.
   * @param a [channels] f32
   * @param b [channels] f32
   * @returns -1 to 1
   */
  similarity(a: Float32Array, b: Float32Array): number {
    return cosineOf(a, b);
  }

  /**
   * Computes the embedding of each text. Embeddings are cached.
   * @returns [channels] f32 of length 1 per text
   * @throws RangeError for a template without `{}`; DisposedError; the signal's reason
   */
  async embedText(texts: readonly string[], options: EmbedTextOptions = {}): Promise<Float32Array[]> {
    checkNames(options, EMBED_TEXT);
    const { template = "{}", ...rest } = options;
    const templates = [template].flat();
    const bad = templates.find((one) => !String(one).includes("{}"));
    if (bad !== undefined || templates.length === 0)
      throw new RangeError(
        `template: expected text with {} in it, got ${JSON.stringify(bad)}. Write {} where the label goes.`,
      );
    this.#mustBeOpen();
    checkTexts("texts", texts);
    checkCall(rest);
    const filled = texts.flatMap((text) => templates.map((one) => one.replaceAll("{}", () => text)));
    const all = await until(rest.signal, this.#texts.of(filled, rest));
    return texts.map((_, i) => meanOf(all.slice(i * templates.length, (i + 1) * templates.length)));
  }

  /**
   * Computes the embedding of an image, or of each image of an array. Those of a Blob, an ImageBitmap and a VideoFrame, which cannot change,
   * are cached.
   * @param picture an image, as for `ImageClassifier.classify`
   * @returns [channels] f32 of length 1
   * @throws PictureError if an image cannot be decoded; DisposedError; the signal's reason
   */
  embedImage(picture: P, options?: { signal?: AbortSignal }): Promise<Float32Array>;
  embedImage(
    pictures: readonly P[],
    options: { signal?: AbortSignal } & SettledOptions,
  ): Promise<PromiseSettledResult<Float32Array>[]>;
  embedImage(pictures: readonly P[], options?: { signal?: AbortSignal }): Promise<Float32Array[]>;
  async embedImage(input: P | readonly P[], options: ManyOptions = {}): Promise<unknown> {
    this.#mustBeOpen();
    checkNames(options, MANY);
    checkCall(options);
    return each(this.#pictures, (image) => image)(input, options);
  }

  /** Releases the memory of both towers. A second call does nothing. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await Promise.all([this.#images.dispose(), this.#tower.dispose()]);
    this.#texts.forgetAll();
  }

  /** Cached embeddings could be returned without a tower. @throws DisposedError */
  #mustBeOpen(): void {
    if (this.#disposed)
      throw new DisposedError(`classifier of ${this.report.model}: disposed. Load the model again.`);
  }
}

function checkTexts(name: string, texts: unknown): void {
  if (!Array.isArray(texts)) throw wrongType(name, 'an array of strings, such as ["cat", "dog"]', texts);
}

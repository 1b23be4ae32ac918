// Pictures and texts in one space: classes by their names, without training.

import { type Classification, topClasses } from "../classifier/answer.ts";
import type { ImageClassifier, LoadOptions, Report } from "../classifier/api.ts";
import type { GpuAccess } from "../classifier/gpu-device.ts";
import { Recovery } from "../classifier/recovery.ts";
import { reportOf } from "../classifier/report.ts";
import { openWith } from "../classifier/session.ts";
import { until } from "../errors/until.ts";
import type { ModelFolder } from "../format/folder.ts";
import { readTokenizer, type TextTokenizer } from "./tokenizer.ts";
import { describeText, loadText, type TextSession } from "./tower.ts";

export interface EmbedTextOptions {
  /** `{}` stands for the label; of several the mean is taken. Default "a photo of a {}." for `classify`, "{}" for `embedText`. */
  readonly template?: string | readonly string[];
  readonly signal?: AbortSignal;
}

export interface ZeroShotOptions extends EmbedTextOptions {
  /** Labels per picture; default 5. */
  readonly topK?: number;
}

const TEMPLATE = "a photo of a {}.";
/** Embeddings of texts that are kept. */
const KEPT = 10_000;

/** A CLIP or SigLIP model: the labels are yours. */
export class ZeroShotClassifier<P> {
  readonly #images: ImageClassifier<P>;
  readonly #texts: Recovery<TextSession>;
  readonly #tokenizer: TextTokenizer;
  readonly #options: LoadOptions;
  /** By the text itself. */
  readonly #keptTexts = new Map<string, Promise<Float32Array>>();

  private constructor(
    images: ImageClassifier<P>,
    texts: Recovery<TextSession>,
    tokenizer: TextTokenizer,
    options: LoadOptions,
  ) {
    this.#images = images;
    this.#texts = texts;
    this.#tokenizer = tokenizer;
    this.#options = options;
  }

  /**
   * Loads both towers of a model. Configs and tokenizer are read before any weight.
   * @param loadImages loads the image tower
   * @throws what `ImageClassifier.load` throws; UnsupportedModelError for a text tower that vit8 does not run
   */
  static async loadOn<P>(
    access: GpuAccess,
    folder: ModelFolder,
    loadImages: (options: LoadOptions) => Promise<ImageClassifier<P>>,
    options: LoadOptions,
  ): Promise<ZeroShotClassifier<P>> {
    const { signal, onProgress } = options;
    const model = await describeText(folder, signal);
    const tokenizer = await until(
      signal,
      readTokenizer(folder, {
        places: model.places,
        pad: model.fixedLength,
        isClip: model.name === "clip",
        signal,
      }),
    );
    const quiet = { ...options, onProgress: undefined };
    const untilReady: LoadOptions["onProgress"] = (progress) => {
      if (progress.stage !== "ready") onProgress?.(progress);
    };
    const images = await loadImages({ ...options, onProgress: untilReady });
    try {
      // Both on the device that the image tower was found to run on.
      const device = images.report.backend;
      const open = (signal?: AbortSignal) => openWith(loadText, access, folder, { ...quiet, device, signal });
      const session = await open(signal);
      onProgress?.({ stage: "ready" });
      return new ZeroShotClassifier(images, new Recovery(session, () => open()), tokenizer, options);
    } catch (error) {
      await images.dispose();
      throw error;
    }
  }

  /** What the image tower runs on. */
  get report(): Report {
    return this.#images.report;
  }

  /** What the text tower runs on. */
  get textReport(): Report {
    const { device, engine, model, ignored } = this.#texts.session;
    return reportOf({ device, engine, model, ignored }, this.#options, this.#texts.losses);
  }

  /**
   * The likeliest of your labels for a picture, or for each of many, best first. Labels that were asked for before are not computed again.
   * @throws RangeError for no labels or a bad `topK`; PictureError for what cannot be decoded; DisposedError; the signal's reason
   */
  classify(picture: P, labels: readonly string[], options?: ZeroShotOptions): Promise<Classification[]>;
  classify(
    pictures: readonly P[],
    labels: readonly string[],
    options?: ZeroShotOptions,
  ): Promise<Classification[][]>;
  async classify(
    input: P | readonly P[],
    labels: readonly string[],
    { topK = 5, template = TEMPLATE, signal }: ZeroShotOptions = {},
  ): Promise<Classification[] | Classification[][]> {
    if (labels.length === 0)
      throw new RangeError("labels: expected at least one, got none. Pass the names of your classes.");
    if (!(Number.isInteger(topK) && topK >= 1))
      throw new RangeError(`topK: expected a whole number from 1 on, got ${topK}. Pass a count of labels.`);
    const texts = await this.embedText(labels, { template, signal });
    const { scoring } = this.#texts.session.model;
    const answer = (image: Float32Array) => topClasses(this.logits(image, texts), labels, topK, scoring);
    if (Array.isArray(input)) return (await this.embedImage(input as readonly P[], { signal })).map(answer);
    return answer(await this.embedImage(input as P, { signal }));
  }

  /** Logits of an image's embedding for each text's, as transformers' `logits_per_image`. Computes nothing but products. */
  logits(image: Float32Array, texts: readonly Float32Array[]): Float32Array {
    const { scale, bias } = this.#texts.session.engine.logits;
    return Float32Array.from(texts, (text) => scale * this.similarity(image, text) + bias);
  }

  /** Scores of an image's embedding for each text's, 0 to 1: softmax (CLIP) or sigmoid (SigLIP), in the order of the texts. */
  score(image: Float32Array, texts: readonly Float32Array[]): Float32Array {
    const scores = new Float32Array(texts.length);
    const { scoring } = this.#texts.session.model;
    const labels = texts.map(String);
    for (const { index, score } of topClasses(this.logits(image, texts), labels, labels.length, scoring))
      scores[index] = score;
    return scores;
  }

  /** The cosine of two embeddings, -1 to 1. */
  similarity(a: Float32Array, b: Float32Array): number {
    let dot = 0;
    for (let i = 0; i < a.length; i++) dot += a[i] * b[i];
    return dot;
  }

  /**
   * Of each text, [channels] f32 of length 1; kept for the next call.
   * @throws RangeError for a template without `{}`; DisposedError; the signal's reason
   */
  async embedText(texts: readonly string[], options: EmbedTextOptions = {}): Promise<Float32Array[]> {
    const { template = "{}", signal } = options;
    const templates = [template].flat();
    const bad = templates.find((one) => !one.includes("{}"));
    if (bad !== undefined || templates.length === 0)
      throw new RangeError(
        `template: expected text with {} in it, got ${JSON.stringify(bad)}. Write {} where the label goes.`,
      );
    this.#texts.mustBeOpen();
    signal?.throwIfAborted();
    const filled = texts.flatMap((text) => templates.map((one) => one.replaceAll("{}", () => text)));
    const all = await until(signal, Promise.all(this.#embeddingsOf(filled)));
    this.#forgetOldest();
    return texts.map((_, i) => meanOf(all.slice(i * templates.length, (i + 1) * templates.length)));
  }

  /** Of a picture, or of each of many, [channels] f32 of length 1. */
  embedImage(picture: P, options?: { signal?: AbortSignal }): Promise<Float32Array>;
  embedImage(pictures: readonly P[], options?: { signal?: AbortSignal }): Promise<Float32Array[]>;
  async embedImage(
    input: P | readonly P[],
    options: { signal?: AbortSignal } = {},
  ): Promise<Float32Array | Float32Array[]> {
    if (Array.isArray(input))
      return (await this.#images.embed(input as readonly P[], options)).map(normalized);
    return normalized(await this.#images.embed(input as P, options));
  }

  /** Gives the memory of both towers back. A second call does nothing. */
  async dispose(): Promise<void> {
    await Promise.all([this.#images.dispose(), this.#texts.dispose()]);
    this.#keptTexts.clear();
  }

  /** Those that are not kept are computed in one call of the tower. */
  #embeddingsOf(texts: readonly string[]): Promise<Float32Array>[] {
    const fresh = [...new Set(texts)].filter((text) => !this.#keptTexts.has(text));
    if (fresh.length > 0) {
      const ids = fresh.map((text) => this.#tokenizer.ids(text));
      const made = this.#texts.run(undefined, (engine) => engine.encode(ids));
      for (const [i, text] of fresh.entries()) {
        const one = made.then((all) => normalized(all[i]));
        this.#keptTexts.set(text, one);
        one.catch(() => this.#keptTexts.delete(text));
      }
    }
    return texts.map((text) => this.#keptTexts.get(text)!);
  }

  #forgetOldest(): void {
    const surplus = this.#keptTexts.size - KEPT;
    for (const text of [...this.#keptTexts.keys()].slice(0, Math.max(0, surplus)))
      this.#keptTexts.delete(text);
  }
}

function normalized(values: Float32Array): Float32Array {
  let squares = 0;
  for (const value of values) squares += value * value;
  const length = Math.sqrt(squares) || 1;
  return values.map((value) => value / length);
}

function meanOf(embeddings: readonly Float32Array[]): Float32Array {
  if (embeddings.length === 1) return embeddings[0].slice();
  return normalized(embeddings[0].map((_, c) => embeddings.reduce((sum, one) => sum + one[c], 0)));
}

// A zero-shot classifier with labels that are settled: an ImageClassifier like any other.

import { topClasses } from "../classifier/answer.ts";
import type {
  ClassifyOptions,
  EachOptions,
  EachResult,
  EmbedOptions,
  ImageClassifier,
  KeyedPicture,
  ManyOptions,
} from "../classifier/api.ts";
import { CLASSIFY, EMBED, MANY } from "../classifier/call-options.ts";
import { checkCount, checkNames } from "../errors/check.ts";
import { part } from "../errors/part.ts";
import type { Scoring } from "../format/labels.ts";
import type { PictureEmbeddings } from "./picture-embeddings.ts";

export interface Named<P> {
  readonly images: ImageClassifier<P>;
  readonly pictures: PictureEmbeddings<P>;
  readonly labels: readonly string[];
  readonly scoring: Scoring;
  /** The logits of an image's embedding, one for each label. */
  readonly logitsOf: (image: Float32Array) => Float32Array;
  readonly dispose: () => Promise<void>;
}

export function withLabels<P>(named: Named<P>): ImageClassifier<P> {
  const { images, pictures, labels, scoring, logitsOf } = named;
  return {
    labels,
    framing: images.framing,
    get report() {
      return images.report;
    },
    classify: (async (input: P | readonly P[], options: ClassifyOptions & ManyOptions = {}) => {
      checkNames(options, CLASSIFY);
      const { topK = 5, ...rest } = options;
      checkCount("topK", topK);
      const answer = (image: Float32Array) => topClasses(logitsOf(image), labels, topK, scoring);
      return each(pictures, answer)(input, rest);
    }) as ImageClassifier<P>["classify"],
    async *classifyEach<K>(
      stream: AsyncIterable<KeyedPicture<P, K>> | Iterable<KeyedPicture<P, K>>,
      options: EachOptions = {},
    ): AsyncGenerator<EachResult<K>> {
      const { classifyEach } = await part(import("../classifier/each.ts"));
      yield* classifyEach(this, stream, options);
    },
    logits: (async (input: P | readonly P[], options: ManyOptions = {}) => {
      checkNames(options, MANY);
      return each(pictures, logitsOf)(input, options);
    }) as ImageClassifier<P>["logits"],
    embed: (async (input: P | readonly P[], options: EmbedOptions & ManyOptions = {}) => {
      checkNames(options, EMBED);
      const { pooling = "model", tokens } = options;
      return pooling === "model" && !tokens
        ? each(pictures, (image) => image)(input, options)
        : images.embed(input as P, options as object);
    }) as ImageClassifier<P>["embed"],
    detect: (picture, options) => images.detect(picture, options),
    attention: (picture, options) => images.attention(picture, options),
    profile: (picture) => images.profile(picture),
    dispose: named.dispose,
  };
}

/** Applies `of` to the embedding of an image, of each of several, or of each that can be read. */
export function each<P, T>(pictures: PictureEmbeddings<P>, of: (image: Float32Array) => T) {
  return async (
    input: P | readonly P[],
    { signal, settled }: ManyOptions,
  ): Promise<T | T[] | PromiseSettledResult<T>[]> => {
    if (!Array.isArray(input)) return of(await pictures.of(input as P, { signal }));
    if (!settled) return (await pictures.ofMany(input, { signal })).map(of);
    const results = await pictures.settled(input, { signal });
    return results.map(
      (result): PromiseSettledResult<T> =>
        result.status === "rejected" ? result : { ...result, value: of(result.value) },
    );
  };
}

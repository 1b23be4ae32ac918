// Embeddings of images that cannot change, computed once each.

import type { ImageClassifier } from "../classifier/api.ts";
import { isA } from "../errors/is-a.ts";
import { normalized } from "./unit-length.ts";

/** Embeddings that are kept. */
const KEPT = 1000;

interface Kept {
  embedding: Float32Array | undefined;
}

export class PictureEmbeddings<P> {
  readonly #images: Pick<ImageClassifier<P>, "embed">;
  /** An image that is garbage-collected drops its embedding. */
  readonly #kept = new WeakMap<object, Kept>();
  /** The oldest first. */
  readonly #order: Kept[] = [];

  constructor(images: Pick<ImageClassifier<P>, "embed">) {
    this.#images = images;
  }

  /** The embedding of an image, of length 1. */
  async of(picture: P, options: { signal?: AbortSignal }): Promise<Float32Array> {
    return this.#find(picture) ?? this.#keep(picture, await this.#images.embed(picture, options));
  }

  /** The embeddings of several images. An error has the caller's index of its image, so all run if one of them is not cached. */
  async ofMany(pictures: readonly P[], options: { signal?: AbortSignal }): Promise<Float32Array[]> {
    const kept = pictures.flatMap((picture) => this.#find(picture) ?? []);
    if (kept.length === pictures.length) return kept;
    const made = await this.#images.embed(pictures, options);
    return made.map((embedding, i) => this.#keep(pictures[i], embedding));
  }

  /** The same with a result for each. */
  async settled(
    pictures: readonly P[],
    options: { signal?: AbortSignal },
  ): Promise<PromiseSettledResult<Float32Array>[]> {
    const kept = pictures.map((picture) => this.#find(picture));
    const fresh = pictures.filter((_, i) => !kept[i]);
    const made = await this.#images.embed(fresh, { ...options, settled: true });
    let next = 0;
    return pictures.map((picture, i) => {
      if (kept[i]) return { status: "fulfilled", value: kept[i] };
      const result = made[next++];
      return result.status === "rejected" ? result : { ...result, value: this.#keep(picture, result.value) };
    });
  }

  #find(picture: P): Float32Array | undefined {
    return isUnchanging(picture) ? this.#kept.get(picture)?.embedding?.slice() : undefined;
  }

  /** A copy for the caller, who may write into it. */
  #keep(picture: P, values: Float32Array): Float32Array {
    const embedding = normalized(values);
    if (!isUnchanging(picture)) return embedding;
    const kept = { embedding };
    this.#kept.set(picture, kept);
    this.#order.push(kept);
    if (this.#order.length > KEPT) this.#order.shift()!.embedding = undefined;
    return embedding.slice();
  }
}

/** A canvas, a video, an `<img>`, pixels in memory and a file on disk may show something else the next time. */
function isUnchanging(picture: unknown): picture is object {
  return isA(picture, "Blob") || isA(picture, "ImageBitmap") || isA(picture, "VideoFrame");
}

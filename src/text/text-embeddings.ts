// Embeddings of texts, computed once each.

import type { TextTower } from "./text-tower.ts";
import type { TextTokenizer } from "./tokenizer.ts";
import { normalized } from "./unit-length.ts";

/** Number of embeddings in the cache. */
const KEPT = 10_000;
/** Number of texts between two checks of the signal. */
const SOME = 16;

/** The number of texts whose embeddings are ready. */
export interface TextProgress {
  readonly done: number;
  readonly total: number;
}

/** Options of calls that embed texts. */
export interface TextOptions {
  /** Aborts the call after the current batch of texts. */
  readonly signal?: AbortSignal;
  /** Called before each batch with the number of texts whose embeddings are ready, including cached ones. */
  readonly onProgress?: (progress: TextProgress) => void;
}

export class TextEmbeddings {
  readonly #tower: Pick<TextTower, "encode">;
  readonly #tokenizer: TextTokenizer;
  /** Embeddings by text, least recently used first. */
  readonly #kept = new Map<string, Float32Array>();
  #tail: Promise<unknown> = Promise.resolve();

  constructor(tower: Pick<TextTower, "encode">, tokenizer: TextTokenizer) {
    this.#tower = tower;
    this.#tokenizer = tokenizer;
  }

  /** Embeds each text, with length 1. Embeddings that are ready when the signal aborts stay cached. @throws the signal's reason */
  async of(texts: readonly string[], { signal, onProgress }: TextOptions = {}): Promise<Float32Array[]> {
    const found = new Map<string, Float32Array>();
    const fresh = [...new Set(texts)].filter((text) => !this.#find(text, found));
    const total = found.size + fresh.length;
    // Texts of like length run together.
    const waiting = fresh
      .map((text) => ({ text, ids: this.#tokenizer.ids(text) }))
      .sort((a, b) => a.ids.length - b.ids.length);
    for (let at = 0; at < waiting.length; at += SOME) {
      onProgress?.({ done: found.size, total });
      const some = waiting.slice(at, at + SOME);
      await this.#inTurn(async () => {
        signal?.throwIfAborted();
        // A call before this one may have had the same labels.
        const missing = some.filter(({ text }) => !this.#find(text, found));
        const made = await this.#tower.encode(
          missing.map(({ ids }) => ids),
          signal,
        );
        for (const [i, { text }] of missing.entries()) found.set(text, this.#keep(text, normalized(made[i])));
      });
    }
    onProgress?.({ done: total, total });
    return texts.map((text) => found.get(text)!);
  }

  forgetAll(): void {
    this.#kept.clear();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(work);
    this.#tail = turn.catch(() => {});
    return turn;
  }

  /** Moves a kept one to `found`, and to the end of those that may be forgotten. */
  #find(text: string, found: Map<string, Float32Array>): boolean {
    const kept = this.#kept.get(text);
    if (kept) found.set(text, this.#keep(text, kept));
    return kept !== undefined;
  }

  #keep(text: string, embedding: Float32Array): Float32Array {
    this.#kept.delete(text);
    this.#kept.set(text, embedding);
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    return embedding;
  }
}

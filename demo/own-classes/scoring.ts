/** Scores of one image for the classes: each half, image or texts, is computed when it changes and at no other time. */

/** The part of a classifier that is used here. */
export interface TextTower {
  embedText(
    texts: readonly string[],
    options: { template: string; signal: AbortSignal },
  ): Promise<Float32Array[]>;
  score(image: Float32Array, texts: readonly Float32Array[]): Float32Array;
}

export type Scores = ReadonlyMap<string, number>;

const TEMPLATE = "a photo of a {}.";

export class Scoring {
  readonly #show: (scores: Scores) => void;
  #tower: TextTower | undefined;
  #image: Float32Array | undefined;
  #texts: { readonly labels: readonly string[]; readonly embeddings: readonly Float32Array[] } | undefined;
  #computing = new AbortController();

  /** @param show gets each class's score, and none while there is no image or no class */
  constructor(show: (scores: Scores) => void) {
    this.#show = show;
  }

  /** Another model: what the one before saw no longer counts. */
  setTower(tower: TextTower): void {
    this.#computing.abort();
    this.#tower = tower;
    this.#image = undefined;
    this.#texts = undefined;
    this.#rescore();
  }

  /** Its embedding. Scored for the classes that are computed, so that a frame never waits for a text. */
  setImage(image: Float32Array | undefined): void {
    this.#image = image;
    this.#rescore();
  }

  /** Of calls that overlap the last one counts. Rejects as the tower does. */
  async setLabels(labels: readonly string[]): Promise<void> {
    this.#computing.abort();
    this.#computing = new AbortController();
    const { signal } = this.#computing;
    if (!this.#tower) return;
    try {
      const embeddings =
        labels.length > 0 ? await this.#tower.embedText(labels, { template: TEMPLATE, signal }) : [];
      if (signal.aborted) return;
      this.#texts = { labels, embeddings };
      this.#rescore();
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #rescore(): void {
    const { labels, embeddings } = this.#texts ?? { labels: [], embeddings: [] };
    const scores = this.#image && this.#tower?.score(this.#image, embeddings);
    this.#show(new Map(scores && labels.map((label, i) => [label, scores[i]])));
  }
}

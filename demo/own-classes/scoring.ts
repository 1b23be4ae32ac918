/** Scores of one image for the classes: each half, image or texts, is computed when it changes and at no other time. */

interface Progress {
  readonly done: number;
  readonly total: number;
}

/** The part of a classifier that is used here. */
export interface TextTower {
  embedText(
    texts: readonly string[],
    options: { template: string; signal: AbortSignal; onProgress: (progress: Progress) => void },
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

  /**
   * Of calls that overlap the last one counts. Rejects as the tower does.
   * @param tell gets the number of classes that are computed, and 0 of 0 at the end
   */
  async setLabels(
    labels: readonly string[],
    tell: (done: number, total: number) => void = () => {},
  ): Promise<void> {
    this.#computing.abort();
    this.#computing = new AbortController();
    const { signal } = this.#computing;
    if (!this.#tower) return;
    try {
      const onProgress = ({ done, total }: Progress) => {
        if (!signal.aborted) tell(done, total);
      };
      const options = { template: TEMPLATE, signal, onProgress };
      const embeddings = labels.length > 0 ? await this.#tower.embedText(labels, options) : [];
      if (signal.aborted) return;
      this.#texts = { labels, embeddings };
      this.#rescore();
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      if (!signal.aborted) tell(0, 0);
    }
  }

  #rescore(): void {
    const { labels, embeddings } = this.#texts ?? { labels: [], embeddings: [] };
    const scores = this.#image && this.#tower?.score(this.#image, embeddings);
    this.#show(new Map(scores && labels.map((label, i) => [label, scores[i]])));
  }
}

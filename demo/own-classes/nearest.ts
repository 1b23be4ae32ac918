/** Embeddings of length 1 side by side, and the ones nearest to another. */

export interface Near {
  /** In the order in which they were added. */
  readonly index: number;
  readonly cosine: number;
}

export class Vectors {
  #values = new Float32Array(0);
  #width = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** @throws RangeError for one of another length than those before */
  add(embedding: Float32Array): void {
    if (this.#count === 0) this.#width = embedding.length;
    if (embedding.length !== this.#width)
      throw new RangeError(
        `embedding: expected ${this.#width} numbers, got ${embedding.length}. Delete the index and build it with this model.`,
      );
    const end = (this.#count + 1) * this.#width;
    if (end > this.#values.length) this.#grow(2 * end);
    this.#values.set(embedding, end - this.#width);
    this.#count++;
  }

  at(index: number): Float32Array {
    return this.#values.slice(index * this.#width, (index + 1) * this.#width);
  }

  /** The nearest first. */
  nearest(query: Float32Array, most: number): Near[] {
    const best: Near[] = [];
    for (let index = 0; index < this.#count; index++) {
      const cosine = this.#dot(query, index * this.#width);
      if (best.length === most && cosine <= best[most - 1].cosine) continue;
      let place = best.length;
      while (place > 0 && best[place - 1].cosine < cosine) place--;
      best.splice(place, 0, { index, cosine });
      if (best.length > most) best.pop();
    }
    return best;
  }

  clear(): void {
    this.#count = 0;
  }

  #dot(query: Float32Array, start: number): number {
    const values = this.#values;
    let sum = 0;
    for (let i = 0; i < query.length; i++) sum += query[i] * values[start + i];
    return sum;
  }

  #grow(length: number): void {
    const values = new Float32Array(length);
    values.set(this.#values);
    this.#values = values;
  }
}

// An amount of memory that tasks share.

/** Given out in the order of the requests. A task that asks for more than there is waits until it is alone. */
export class Budget {
  readonly bytes: number;
  readonly #waiting: { readonly bytes: number; readonly begin: () => void }[] = [];
  #taken = 0;

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  /** Runs the task once there is enough for it. */
  async spend<T>(bytes: number, task: () => Promise<T>): Promise<T> {
    await new Promise<void>((begin) => {
      this.#waiting.push({ bytes, begin });
      this.#beginNext();
    });
    try {
      return await task();
    } finally {
      this.#taken -= bytes;
      this.#beginNext();
    }
  }

  #beginNext(): void {
    for (let next = this.#waiting[0]; next && this.#hasFor(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#taken += next.bytes;
      next.begin();
    }
  }

  #hasFor(bytes: number): boolean {
    return this.#taken === 0 || this.#taken + bytes <= this.bytes;
  }
}

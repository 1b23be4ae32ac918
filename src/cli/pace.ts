// How fast a long job goes: shown on a terminal, and without one told once a minute.

import type { Terminal } from "./terminal.ts";

const MINUTE_MS = 60_000;

export class Pace {
  readonly #terminal: Terminal;
  readonly #beginMs = performance.now();
  #toldMs = this.#beginMs;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** `done` pictures in all, `here` of them since the start. */
  update(done: number, here: number): void {
    const nowMs = performance.now();
    const line = `${done} pictures, ${((here / Math.max(1, nowMs - this.#beginMs)) * 1000).toFixed(1)} a second`;
    if (this.#terminal.columns) this.#terminal.show(line);
    else if (nowMs - this.#toldMs >= MINUTE_MS) {
      this.#terminal.tell(`vit8: ${line}\n`);
      this.#toldMs = nowMs;
    }
  }

  /** Takes the line away. */
  end(): void {
    if (this.#terminal.columns) this.#terminal.show("");
  }
}

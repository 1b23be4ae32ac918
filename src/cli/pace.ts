// The speed of a long job: shown on a terminal; without one, printed once a minute.

import type { Terminal } from "./terminal.ts";

const MINUTE_MS = 60_000;

export class Pace {
  readonly #terminal: Terminal;
  readonly #beginMs = performance.now();
  #toldMs = this.#beginMs;
  /** Number of images of the whole job, when they have been counted. */
  total: number | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** `done` images in all, `here` of them since the start. */
  update(done: number, here: number): void {
    const nowMs = performance.now();
    const perSecond = (here / Math.max(1, nowMs - this.#beginMs)) * 1000;
    const line = `${progressOf(done, this.total)}, ${perSecond.toFixed(1)} a second${timeLeft(done, this.total, perSecond)}`;
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

function progressOf(done: number, total: number | undefined): string {
  return total ? `${done} of ${total} images` : `${done} images`;
}

/** Empty where the total, or the pace, is not known. */
function timeLeft(done: number, total: number | undefined, perSecond: number): string {
  if (!total || !(perSecond > 0)) return "";
  const seconds = Math.max(0, total - done) / perSecond;
  if (seconds < 60) return `, ${Math.ceil(seconds)} s left`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `, ${minutes} min left` : `, ${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
}

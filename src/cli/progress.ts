// A bar on stderr for what takes long.

import { inLine } from "../errors/visible.ts";
import type { Terminal } from "./terminal.ts";

const MINUTE_MS = 60_000;

/** Shows how much of `total` is done; where stderr is no terminal, a line a minute. */
export class ProgressBar {
  readonly #terminal: Terminal;
  readonly #label: string;
  #shown = "";
  #toldAt = performance.now();

  constructor(terminal: Terminal, label: string) {
    this.#terminal = terminal;
    this.#label = inLine(label);
  }

  update(done: number, total: number): void {
    const { columns } = this.#terminal;
    if (!(total > 0)) return;
    if (columns) this.#draw(done / total, columns);
    else this.#tellSeldom(done, total);
  }

  #draw(part: number, columns: number): void {
    const share = Math.min(1, part);
    const head = `${this.#label.slice(0, Math.max(0, columns - 8))} ${String(Math.floor(share * 100)).padStart(3)}% `;
    const room = Math.max(0, Math.min(40, columns - head.length - 1));
    const filled = Math.round(share * room);
    // A line that wraps is not taken away whole.
    const line = (head + "#".repeat(filled) + ".".repeat(room - filled)).slice(0, columns - 1);
    if (line !== this.#shown) this.#terminal.show(line);
    this.#shown = line;
  }

  /** For a log: often enough to see that the job makes progress. */
  #tellSeldom(done: number, total: number): void {
    const now = performance.now();
    if (now - this.#toldAt < MINUTE_MS) return;
    this.#toldAt = now;
    this.#terminal.tell(`vit8: ${this.#label}: ${done} of ${total}\n`);
  }

  /** Takes the bar away. */
  clear(): void {
    if (this.#shown) this.#terminal.show("");
    this.#shown = "";
  }
}

// A bar on stderr for what takes long.

import { inLine } from "../errors/visible.ts";
import type { Terminal } from "./terminal.ts";

/** Shows how much of `total` is done; nothing where stderr is no terminal. */
export class ProgressBar {
  readonly #terminal: Terminal;
  readonly #label: string;
  #shown = "";

  constructor(terminal: Terminal, label: string) {
    this.#terminal = terminal;
    this.#label = inLine(label);
  }

  update(done: number, total: number): void {
    const { columns } = this.#terminal;
    if (!columns || !(total > 0)) return;
    const share = Math.min(1, done / total);
    const head = `${this.#label.slice(0, Math.max(0, columns - 8))} ${String(Math.floor(share * 100)).padStart(3)} % `;
    const room = Math.max(0, Math.min(40, columns - head.length - 1));
    const filled = Math.round(share * room);
    // A line that wraps is not taken away whole.
    const line = (head + "#".repeat(filled) + ".".repeat(room - filled)).slice(0, columns - 1);
    if (line !== this.#shown) this.#terminal.show(line);
    this.#shown = line;
  }

  /** Takes the bar away. */
  clear(): void {
    if (this.#shown) this.#terminal.show("");
    this.#shown = "";
  }
}

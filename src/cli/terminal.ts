// The output of commands, and its destination.

import { inLine, visible } from "../errors/visible.ts";

/** The output streams of a command, and the signal that aborts it. No text can write control characters to a terminal. */
export interface Terminal extends Streams {
  /** Shows a line on stderr in place of the one before; an empty one takes it away. */
  readonly show: (line: string) => void;
}

/** The process around a command. */
export interface Streams {
  /** To stdout. */
  readonly print: (text: string) => void;
  /** To stderr, without a line's end. */
  readonly tell: (text: string) => void;
  /** Width of stderr in characters; undefined if it is not a terminal, and progress is not shown. */
  readonly columns?: number;
  readonly signal: AbortSignal;
}

export function terminalOf(streams: Streams): Terminal {
  return {
    ...streams,
    print: (text) => streams.print(visible(text)),
    tell: (text) => streams.tell(visible(text)),
    show: (line) => streams.tell(`\r\x1b[K${inLine(line)}`),
  };
}

/** A value as JSON text of which no terminal obeys a sign, and which is the same value when it is read. */
export function json(value: unknown): string {
  const text = JSON.stringify(value, null, 2).replace(
    /(?!\n)[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${text}\n`;
}

// Text as lines.

import { createInterface } from "node:readline";
import { Readable } from "node:stream";

/** Lines without what ends them; empty ones are left out. */
export async function* linesOf(text: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const lines = createInterface({ input: Readable.from(text), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) if (line !== "") yield line.replace(/^\ufeff/, "");
}

// The number of images of a job, if it is known without reading an archive; used to estimate the remaining time.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { isAddress } from "./address.ts";
import { filesIn, isPictureName } from "./files.ts";
import { isArchive } from "./inputs.ts";
import { linesOf } from "./list.ts";

/** Images in all inputs; undefined if one of them is standard input, an archive, or cannot be read. */
export async function countOf(inputs: readonly string[], signal: AbortSignal): Promise<number | undefined> {
  let total = 0;
  for (const input of inputs) {
    const count = await countOfOne(input, signal).catch(() => undefined);
    if (count === undefined) return undefined;
    total += count;
  }
  return total;
}

async function countOfOne(input: string, signal: AbortSignal): Promise<number | undefined> {
  if (input === "-" || isArchive(input)) return undefined;
  if (isAddress(input)) return 1;
  if ((await stat(input)).isDirectory()) return countAll(filesIn(input), signal);
  return isPictureName(input) ? 1 : countAll(linesOf(createReadStream(input)), signal);
}

async function countAll(items: AsyncIterable<unknown>, signal: AbortSignal): Promise<number> {
  let count = 0;
  for await (const _ of items) {
    signal.throwIfAborted();
    count++;
  }
  return count;
}

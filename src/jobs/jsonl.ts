// Rows as JSON Lines.

import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { linesOf } from "./list.ts";
import { lineOf, type RowFormat, rowOf } from "./row.ts";

export const jsonl: RowFormat = {
  async write(file, rows) {
    const lines = async function* () {
      for await (const row of rows) yield lineOf(row);
    };
    await pipeline(lines, createWriteStream(file, { flush: true }));
  },
  async *read(file) {
    for await (const line of linesOf(createReadStream(file))) yield rowOf(line);
  },
};

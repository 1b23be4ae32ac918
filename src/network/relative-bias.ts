// Biases of attention by how far two tokens of a grid are apart.

import type { Grid } from "./op.ts";

/** The row of a table that has one for each distance, by rows and then by columns. */
export function rowOfPair(query: number, key: number, { width, height }: Grid): number {
  const down = Math.floor(query / width) - Math.floor(key / width) + height - 1;
  const across = (query % width) - (key % width) + width - 1;
  return down * (2 * width - 1) + across;
}

/** [rows, heads] to [heads, tokens, tokens], by the row of each pair. */
export function spread(
  table: Float32Array,
  heads: number,
  tokens: number,
  rowOf: (query: number, key: number) => number,
): Float32Array {
  const bias = new Float32Array(heads * tokens ** 2);
  for (let query = 0; query < tokens; query++)
    for (let key = 0; key < tokens; key++) {
      const row = rowOf(query, key);
      for (let head = 0; head < heads; head++)
        bias[(head * tokens + query) * tokens + key] = table[row * heads + head];
    }
  return bias;
}

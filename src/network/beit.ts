// BEiT's relative positions, in the order in which transformers and timm keep them.

import type { Builder } from "./builder.ts";
import type { Grid } from "./op.ts";
import { rowOfPair, spread } from "./relative-bias.ts";

/**
 * The bias of attention in block `at`, made at load of the parameter `table` [pairs + 3, heads]: a row for each distance of two
 * patches, and one each for class token to patch, patch to class token, and class token to itself. Blocks may share a table.
 */
export function beitBias(
  net: Builder,
  at: string,
  table: string,
  heads: number,
  grid: Grid,
  read: (table: Float32Array, heads: number, grid: Grid) => Float32Array = (stored) => stored,
): string {
  const tokens = 1 + grid.width * grid.height;
  const pairs = (2 * grid.width - 1) * (2 * grid.height - 1);
  return net.derived({
    name: `${at}.bias`,
    shape: [heads, tokens, tokens],
    from: { [table]: [pairs + 3, heads] },
    make: (values) =>
      spread(read(values[table], heads, grid), heads, tokens, (query, key) => rowOf(query, key, grid)),
  });
}

/**
 * The table as transformers reads it: distances across by down, resized bilinearly to down by across. That is the table itself where
 * both are as many.
 */
export function resizedTable(table: Float32Array, heads: number, { width, height }: Grid): Float32Array {
  const [down, across] = [2 * height - 1, 2 * width - 1];
  if (down === across) return table;
  const resized = table.slice();
  const places = (to: number, from: number) => Array.from({ length: to }, (_, i) => between(i, to, from));
  for (const [y, row] of places(down, across).entries())
    for (const [x, column] of places(across, down).entries())
      for (let head = 0; head < heads; head++) {
        const at = (r: number, c: number) => table[(r * down + c) * heads + head];
        const mixed = (r: number) =>
          at(r, column.from) * (1 - column.share) + at(r, column.next) * column.share;
        resized[(y * across + x) * heads + head] =
          mixed(row.from) * (1 - row.share) + mixed(row.next) * row.share;
      }
  return resized;
}

/** The position of `i` of `to` among `from` positions: between two of them. */
function between(i: number, to: number, from: number) {
  const place = Math.max(0, ((i + 0.5) * from) / to - 0.5);
  const before = Math.floor(place);
  return { from: before, next: Math.min(before + 1, from - 1), share: place - before };
}

/** Token 0 is the class token. */
function rowOf(query: number, key: number, grid: Grid): number {
  const pairs = (2 * grid.width - 1) * (2 * grid.height - 1);
  if (query === 0) return key === 0 ? pairs + 2 : pairs;
  return key === 0 ? pairs + 1 : rowOfPair(query - 1, key - 1, grid);
}

// BEiT's relative positions, in the order in which transformers and timm keep them.

import type { Builder } from "./builder.ts";
import type { Grid } from "./op.ts";

/**
 * The bias of attention in block `at`, made at load of the parameter `table` [pairs + 3, heads]: a row for each distance of two
 * patches, and one each for class token to patch, patch to class token, and class token to itself. Blocks may share a table.
 */
export function beitBias(net: Builder, at: string, table: string, heads: number, grid: Grid): string {
  const tokens = 1 + grid.width * grid.height;
  const pairs = (2 * grid.width - 1) * (2 * grid.height - 1);
  return net.derived({
    name: `${at}.bias`,
    shape: [heads, tokens, tokens],
    from: { [table]: [pairs + 3, heads] },
    make: (values) => spread(values[table], heads, grid),
  });
}

/** [pairs + 3, heads] to [heads, tokens, tokens]. */
function spread(table: Float32Array, heads: number, grid: Grid): Float32Array {
  const tokens = 1 + grid.width * grid.height;
  const bias = new Float32Array(heads * tokens ** 2);
  for (let query = 0; query < tokens; query++)
    for (let key = 0; key < tokens; key++) {
      const row = rowOf(query, key, grid);
      for (let head = 0; head < heads; head++)
        bias[(head * tokens + query) * tokens + key] = table[row * heads + head];
    }
  return bias;
}

/** Token 0 is the class token. */
function rowOf(query: number, key: number, { width, height }: Grid): number {
  const pairs = (2 * width - 1) * (2 * height - 1);
  if (query === 0) return key === 0 ? pairs + 2 : pairs;
  if (key === 0) return pairs + 1;
  const [from, to] = [query - 1, key - 1];
  const down = Math.floor(from / width) - Math.floor(to / width) + height - 1;
  const across = (from % width) - (to % width) + width - 1;
  return down * (2 * width - 1) + across;
}

// A bias of attention's scores for each distance between two patches, as BEiT has it (Bao et al. 2022, following Raffel et al. 2020).

import type { Builder } from "./builder.ts";
import type { Grid } from "./op.ts";

export interface RelativeBias {
  /** What the bias is called; each attention has its own name. */
  readonly name: string;
  /** The parameter [distances, heads]: every distance down and across, then class token to patch, patch to class token, and itself. */
  readonly table: string;
  readonly heads: number;
  readonly grid: Grid;
}

/** Declares the bias [heads, rows, rows] of a class token and the patches behind it, made of its table at load. */
export function relativeBias(net: Builder, { name, table, heads, grid }: RelativeBias): string {
  const distances = (2 * grid.height - 1) * (2 * grid.width - 1) + 3;
  const rows = 1 + grid.width * grid.height;
  return net.derived({
    name,
    shape: [heads, rows, rows],
    from: { [table]: [distances, heads] },
    make: ({ [table]: values }) => {
      const bias = new Float32Array(heads * rows * rows);
      for (let query = 0; query < rows; query++)
        for (let key = 0; key < rows; key++) {
          const entry = distanceOf(query, key, grid, distances);
          for (let head = 0; head < heads; head++)
            bias[(head * rows + query) * rows + key] = values[entry * heads + head];
        }
      return bias;
    },
  });
}

/** The entry of the table for a query and a key, of which row 0 is the class token. */
function distanceOf(query: number, key: number, { width, height }: Grid, distances: number): number {
  if (query === 0) return key === 0 ? distances - 1 : distances - 3;
  if (key === 0) return distances - 2;
  const down = Math.floor((query - 1) / width) - Math.floor((key - 1) / width) + height - 1;
  const across = ((query - 1) % width) - ((key - 1) % width) + width - 1;
  return down * (2 * width - 1) + across;
}

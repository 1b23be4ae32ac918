// The learned tables that are added to rows of patches: those of another grid are interpolated.

import type { Grid, Network } from "./op.ts";
import { foldTable, patchesAt } from "./rewrite/fold-table.ts";

export interface FittedTable {
  readonly name: string;
  /** Rows before the patches'. */
  readonly first: number;
  /** Rows before and behind the patches'. */
  readonly others: number;
  readonly width: number;
  readonly grid: Grid;
  readonly antialias: boolean;
}

export function fittedTables(network: Network): FittedTable[] {
  const embedding = foldTable(network).ops.find((op) => op.kind === "linear" && op.table);
  if (embedding?.kind !== "linear" || !embedding.table) return [];
  const { segments, grid } = embedding.table;
  const { width } = embedding.out;
  return segments[patchesAt(segments)].added.map(({ table: name, first, antialias }) => {
    const around = segments.filter(
      ({ learnt, added }) => learnt && added.some(({ table }) => table === name),
    );
    const others = around.reduce((sum, { rows }) => sum + rows, 0);
    return { name, first, others, width, grid, antialias };
  });
}

/** The grid of a stored table [..., rows, width]: the image's own, or a square to interpolate from. */
export function storedGrid({ others, grid }: FittedTable, shape: readonly number[]): Grid | undefined {
  return gridOf((shape.at(-2) ?? 0) - others, grid);
}

/** The grid of this number of patches: the image's grid, or a square. */
export function gridOf(patches: number, picture: Grid): Grid | undefined {
  if (patches === picture.width * picture.height) return picture;
  const side = Math.sqrt(patches);
  return Number.isInteger(side) && side > 0 ? { width: side, height: side } : undefined;
}

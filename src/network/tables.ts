// The learnt tables that are added to rows of patches: those of another grid are interpolated.

import type { Grid, Network, Patches } from "./op.ts";

export interface FittedTable {
  readonly name: string;
  /** Rows before the patches'. */
  readonly first: number;
  readonly width: number;
  readonly grid: Grid;
  readonly antialias: boolean;
}

export function fittedTables({ ops }: Network): FittedTable[] {
  const patches = ops.find((op): op is Patches => op.kind === "patches");
  if (!patches) return [];
  const { grid } = patches;
  return ops.flatMap((op) => {
    if (op.kind !== "table") return [];
    const first = op.out.rows - grid.width * grid.height;
    return [{ name: op.table, first, width: op.out.width, grid, antialias: op.antialias }];
  });
}

/** The grid of a stored table [..., rows, width]: the picture's own, or a square to interpolate from. */
export function storedGrid({ first, grid }: FittedTable, shape: readonly number[]): Grid | undefined {
  return gridOf((shape.at(-2) ?? 0) - first, grid);
}

/** Of so many patches: the picture's grid, or a square. */
export function gridOf(patches: number, picture: Grid): Grid | undefined {
  if (patches === picture.width * picture.height) return picture;
  const side = Math.sqrt(patches);
  return Number.isInteger(side) && side > 0 ? { width: side, height: side } : undefined;
}

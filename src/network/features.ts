// All tokens of a model instead of its output.

import { UnsupportedModelError } from "../errors/errors.ts";
import type { Grid, Network, Norm, Patches } from "./op.ts";

/** The positions of a network's tokens: rows after its last norm. */
export interface Layout {
  /** Tokens across and down. */
  readonly grid: Grid;
  /** Rows before those of the grid: class token, registers. */
  readonly before: number;
}

/** A network whose one output is `tokens`, the rows after the last norm. @throws UnsupportedModelError where that norm has one row */
export function featuresOf(name: string, { ops, ...rest }: Network): Network {
  const last = ops.find((op): op is Norm => op.kind === "norm" && op.name === "norm");
  if (last && last.out.rows > 1) return { ...rest, ops, outputs: { tokens: last.out } };
  throw new UnsupportedModelError(
    `${name}: expected a model whose last norm is on all tokens, got one that pools before it. Use embed() without pooling or tokens.`,
  );
}

/** For `rows` tokens: those of the patches are last except for detection tokens, and may have been merged two by two. */
export function layoutOf({ ops, outputs }: Network, rows: number): Layout {
  const { grid, first } = ops.find((op): op is Patches => op.kind === "patches")!;
  let size = grid;
  while (size.width * size.height > rows)
    size = { width: Math.ceil(size.width / 2), height: Math.ceil(size.height / 2) };
  return { grid: size, before: outputs.boxes ? first : rows - size.width * size.height };
}

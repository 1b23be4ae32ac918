// The options of an attention: a backend without one of them throws an error that names it.

import { UnsupportedModelError } from "../errors/errors.ts";
import type { Attention, Grid, Value, Windows } from "./op.ts";

const ALL = ["bias", "causal", "windows", "cosine", "scale", "a scale per head", "separate inputs"];

/** Options of an attention by name, `separate inputs` where Q, K and V are no one value. */
export function optionsOf({ bias, causal, windows, cosine, scale, reads }: Attention): string[] {
  const perHead = typeof scale === "string";
  const named = {
    ...{ bias, causal, windows, cosine, [perHead ? "a scale per head" : "scale"]: scale },
    "separate inputs": reads.length > 1,
  };
  return Object.entries(named)
    .filter(([, value]) => value !== undefined && value !== false)
    .map(([name]) => name);
}

/**
 * @param who what computes the attention
 * @param known the options that it computes; default: all
 * @throws UnsupportedModelError for others
 */
export function checkOptions(op: Attention, who: string, known: readonly string[] = ALL): void {
  const unknown = optionsOf(op).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new UnsupportedModelError(
    `${op.name}: expected attention without ${unknown.join(" and ")}, which ${who} does not support. Use another model or precision.`,
  );
}

const sizeOf = ({ width, height }: Grid) => `${width}x${height}`;

/** @throws UnsupportedModelError */
export function checkWindows(name: string, q: Value, { grid, size, shift }: Windows): void {
  const fits = (axis: "width" | "height") =>
    size[axis] > 0 && grid[axis] % size[axis] === 0 && shift[axis] >= 0 && shift[axis] < size[axis];
  if (fits("width") && fits("height") && grid.width * grid.height === q.rows) return;
  throw new UnsupportedModelError(
    `${name}: expected windows that divide a grid of ${q.rows} tokens and are shifted by less than their size, got grid ${sizeOf(grid)}, windows ${sizeOf(size)}, shift ${sizeOf(shift)}. Pad the grid first.`,
  );
}

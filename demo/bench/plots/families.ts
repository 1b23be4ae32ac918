// Kernels that do the same thing share a color.

import { figure } from "../../../src/bench/markdown.ts";
import type { PlotRecord } from "../bench-page.ts";

const FAMILY = /^(?:gemm_int8|gemm_float|attention|layernorm|head|resize|peak)/;

const FAMILIES = ["gemm_int8", "gemm_float", "attention", "layernorm", "head", "resize", "peak", "other"];

/** Paul Tol's bright scheme: distinguished without seeing red and green, by day and by night. */
export const COLOURS = {
  domain: FAMILIES,
  range: ["#4477aa", "#66ccee", "#ee6677", "#228833", "#ccbb44", "#aa3377", "#999999", "#bb7744"],
};

export function familyOf(kernel: string): string {
  return FAMILY.exec(kernel)?.[0] ?? "other";
}

/** A record in words, for the tooltip. */
export function wordsOf(record: PlotRecord): string {
  return Object.entries(record)
    .map(([name, cell]) => `${name}: ${typeof cell === "number" ? figure(cell) : (cell ?? "")}`)
    .join("\n");
}

// The variants of attention_tiled.wgsl, whatever it is told.

import type { Grid, Variant } from "../gpu/kernel.ts";

type GridOf<P> = (problem: P, rows: number) => Grid;

/** Named by the inner product and the query rows of a workgroup. */
export function attentionTiles<P>(dot4: string, f32: string, grid: GridOf<P>): Record<string, Variant<P>> {
  const variant = (wgsl: string, rows: number, inner: "dot4" | "f32"): Variant<P> => ({
    wgsl,
    shapedFor: "gpu",
    inner,
    constants: () => ({ ROW_THREADS: rows / 4 }),
    grid: (problem) => grid(problem, rows),
    runsOn: ({ language }) => inner !== "dot4" || language.has("packed_4x8_integer_dot_product"),
  });
  return {
    "dot4-32": variant(dot4, 32, "dot4"),
    "dot4-16": variant(dot4, 16, "dot4"),
    "f32-32": variant(f32, 32, "f32"),
  };
}

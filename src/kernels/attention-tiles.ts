// The variants of attention_tiled.wgsl, for every form of its problem.

import type { Grid, Variant } from "../gpu/kernel.ts";

type GridOf<P> = (problem: P, rows: number) => Grid;

/** Named by the inner product and the query rows of a workgroup. */
export function attentionTiles<P>(
  { pairs, dot4, f32 }: { readonly pairs: string; readonly dot4: string; readonly f32: string },
  grid: GridOf<P>,
): Record<string, Variant<P>> {
  const variant = (wgsl: string, rows: number, inner: "dot4" | "f32"): Variant<P> => ({
    wgsl,
    shapedFor: "gpu",
    inner,
    grid: (problem) => grid(problem, rows),
  });
  return {
    "dot4-32": variant(dot4, 32, "dot4"),
    // Half of the registers: Intel's compilers spill the others.
    "dot4-pairs-32": { ...variant(pairs, 32, "dot4"), vendor: "intel" },
    "f32-32": variant(f32, 32, "f32"),
  };
}

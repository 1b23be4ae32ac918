import type { Grid, Variant } from "../gpu/kernel.ts";

/** Workgroups along x at most, of 65,535 that WebGPU allows; shaders count on along y. */
const ACROSS = 32_768;

/** The number of workgroups of `size` for this number of threads. */
export function flatGrid(threads: number, size = 64): Grid {
  const groups = Math.ceil(threads / size);
  return [Math.min(groups, ACROSS), Math.ceil(groups / ACROSS)];
}

/** A variant with so many threads for a problem, in workgroups of 64. */
export function flat<P>(wgsl: string, threads: (problem: P) => number): Variant<P> {
  return { wgsl, grid: (problem) => flatGrid(threads(problem)) };
}

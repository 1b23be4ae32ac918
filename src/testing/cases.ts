// The interface of a kernel's cases file, for the tests and for the bench page.

import type { AnyKernel, Bindings, Kernel } from "../gpu/kernel.ts";

export type HostArray = Float32Array | Int32Array | Uint32Array | Uint16Array | Int8Array | Uint8Array;
/** The type of a buffer. f16 is passed as its bits, and returned as numbers. */
export type OutputType = keyof typeof VIEWS;

/** The array for an output of each type. */
export const VIEWS = {
  f32: Float32Array,
  f16: Uint16Array,
  i32: Int32Array,
  i8: Int8Array,
  u8: Uint8Array,
} as const;

/** Every byte of an output before it is written. As f32 1.5e16: no number that a kernel leaves unwritten is taken for a zero. */
export const GUARD = 0x5a;

/** A seeded source of host arrays: the same numbers on every machine. */
export interface Rng {
  /** Uniform in [-1, 1). */
  f32(length: number, scale?: number): Float32Array;
  /** Uniform integers in [-127, 127]. */
  i8(length: number): Int8Array;
  u8(length: number): Uint8Array;
}

export interface OutputShape {
  readonly type: OutputType;
  /** Elements that are compared. */
  readonly length: number;
  /** Elements after them that a tile may overwrite; the guards are after these. */
  readonly padding?: number;
}

/** The bound on |got - expected|: abs + rel * |expected|. Integers are exact at { abs: 0, rel: 0 }. */
export interface Tolerance {
  readonly abs: number;
  readonly rel: number;
}

export interface CaseProblem<P> {
  readonly name: string;
  readonly problem: P;
  /** Tests run it with two variants only: it varies a constant, not the tile, and each costs a compilation. */
  readonly sampled?: boolean;
}

export interface KernelCases<P> {
  readonly kernel: Kernel<Bindings, P>;
  readonly problems: readonly CaseProblem<P>[];
  /** Host data of every binding that is not an output; a texture is bytes with its width. */
  inputs(problem: P, rng: Rng): Record<string, HostArray | TextureData>;
  outputs(problem: P): Record<string, OutputShape>;
  /** What the outputs should be, in f64. */
  reference(problem: P, inputs: Record<string, HostArray>): Record<string, ArrayLike<number>>;
  /** Per output, with its reason beside it. */
  readonly tolerance: Readonly<Record<string, Tolerance>>;
}

export interface TextureData {
  readonly width: number;
  readonly height: number;
  /** RGBA, row by row. */
  readonly rgba: Uint8Array;
}

export type AnyCases = Omit<KernelCases<never>, "kernel"> & { readonly kernel: AnyKernel };

export function seeded(seed: number): Rng {
  let state = seed >>> 0;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const integer = (low: number, count: number) => low + Math.floor(next() * count);
  return {
    f32: (length, scale = 1) => Float32Array.from({ length }, () => (next() * 2 - 1) * scale),
    i8: (length) => Int8Array.from({ length }, () => integer(-127, 255)),
    u8: (length) => Uint8Array.from({ length }, () => integer(0, 256)),
  };
}

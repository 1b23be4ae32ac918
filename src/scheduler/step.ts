// A network as a list of steps: which kernel, which problem, which named buffers.

import type { AnyKernel, Bindings, Kernel } from "../gpu/kernel.ts";

export interface Step {
  /** Its role, such as `blocks.3.fc1`; the part after the last dot is its kind in timings. */
  readonly label: string;
  /** Its operation, for any kernel: with the forms of its tensors it names a function of the CPU. */
  readonly operation: string;
  /** Kernels that compute the same thing through the same bindings, the preferred one first. */
  readonly kernels: readonly AnyKernel[];
  readonly problem: unknown;
  /** Binding -> name of a tensor of the graph, or of a weight. */
  readonly buffers: Readonly<Record<string, string>>;
}

/** How values lie in memory: floats; int8 with a scale for each row and 64 columns; int8 with a scale for each row and its outlier. */
export type Form = "f32" | "f16" | "groups" | "row";

/** The number of rows and columns that are computed; in memory there may be more. */
export interface Tensor {
  readonly rows: number;
  readonly columns: number;
  readonly form: Form;
  readonly byteLength: number;
}

export interface Graph {
  readonly steps: readonly Step[];
  /** Every tensor that a step writes or that is written from outside; the scales of an int8 one are one more, `<name>.scale`. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Tensors that live through the whole run: inputs and outputs. The others share memory when their lives allow. */
  readonly held: ReadonlySet<string>;
}

/** One step; a misspelled or missing binding does not compile. */
export function step<B extends Bindings, P>(
  label: string,
  operation: string,
  kernels: Kernel<B, P> | readonly Kernel<B, P>[],
  problem: P,
  buffers: { readonly [K in Exclude<keyof B, "params">]: string },
): Step {
  const list = (Array.isArray(kernels) ? kernels : [kernels]) as readonly AnyKernel[];
  return { label, operation, kernels: list, problem, buffers: buffers as Record<string, string> };
}

/** Names a step's problem, whichever block it is in. */
export function problemKey({ kernels, problem }: Step): string {
  return `${kernels[0].name} ${JSON.stringify(problem)}`;
}

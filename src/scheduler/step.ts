// A network as a list of steps: which kernel, which problem, which named buffers.

import type { AnyKernel, Bindings, Kernel } from "../gpu/kernel.ts";

export interface Step {
  /** What it is for, such as `blocks.3.fc1`; the part after the last dot is its kind in timings. */
  readonly label: string;
  /** Kernels that compute the same thing through the same bindings, the preferred one first. */
  readonly kernels: readonly AnyKernel[];
  readonly problem: unknown;
  /** Binding -> name of a tensor of the graph, or of a weight. */
  readonly buffers: Readonly<Record<string, string>>;
}

export interface Graph {
  readonly steps: readonly Step[];
  /** By the label of a step: another that may stand for it and the step behind it. */
  readonly fusions?: ReadonlyMap<string, Step>;
  /** Bytes of every tensor that a step writes or that is written from outside. */
  readonly tensors: ReadonlyMap<string, number>;
  /** Tensors that live through the whole run: inputs and outputs. The others share memory when their lives allow. */
  readonly held: ReadonlySet<string>;
}

/** One step; a misspelt or missing binding does not compile. */
export function step<B extends Bindings, P>(
  label: string,
  kernels: Kernel<B, P> | readonly Kernel<B, P>[],
  problem: P,
  buffers: { readonly [K in Exclude<keyof B, "params">]: string },
): Step {
  const list = (Array.isArray(kernels) ? kernels : [kernels]) as readonly AnyKernel[];
  return { label, kernels: list, problem, buffers: buffers as Record<string, string> };
}

/** Names a step's problem, whichever block it is in. */
export function problemKey({ kernels, problem }: Step): string {
  return `${kernels[0].name} ${JSON.stringify(problem)}`;
}

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

/** One step that may stand for several, one behind the other. */
export interface Fusion {
  readonly step: Step;
  readonly count: number;
}

export interface Graph {
  readonly steps: readonly Step[];
  /** By the label of a step: what may stand for it and those behind it, for the most of them first. */
  readonly fusions?: ReadonlyMap<string, readonly Fusion[]>;
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

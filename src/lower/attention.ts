// An attention as a step: which kernel computes it, of which buffers.

import type { AnyKernel } from "../gpu/kernel.ts";
import { checkOptions, optionsOf } from "../network/attention-options.ts";
import type { Attention } from "../network/op.ts";
import type { Step } from "../scheduler/step.ts";
import { attentionProblem } from "./problems.ts";

/** The attention kernels of an arithmetic. */
export interface AttentionKernels {
  readonly attention: readonly AnyKernel[];
  /** Without any option. */
  readonly plainAttention?: boolean;
  readonly wideAttention?: WideAttention;
}

/** Attention that is more than that. */
export interface WideAttention {
  /** With windows, a bias, cosines or a scale for each head. */
  readonly options: readonly AnyKernel[];
  /** For Q, K and V in three tensors. */
  readonly apart: readonly AnyKernel[];
}

/** Options that every kernel of exact attention has. */
const ANY = ["causal", "scale"];

/** Whether its kernels are among `WideAttention`. */
export function isWide(op: Attention): boolean {
  return optionsOf(op).some((name) => !ANY.includes(name));
}

/**
 * @param who the arithmetic, in an error's words
 * @param scaled whether tensors have scales beside them
 * @throws UnsupportedModelError for an option that the arithmetic lacks
 */
export function attentionStep(
  op: Attention,
  images: number,
  by: AttentionKernels,
  who: string,
  scaled: boolean,
): Step {
  const { name, reads, out, bias, scale } = op;
  const apart = reads.length > 1;
  checkOptions(op, who, by.plainAttention ? [] : by.wideAttention ? undefined : ANY);
  if (apart) checkOptions(op, "attention with separate inputs", [...ANY, "separate inputs"]);
  const kernels = !isWide(op) ? by.attention : by.wideAttention![apart ? "apart" : "options"];
  const inputs = reads.map((value, i) => [apart ? "qkv"[i] : "qkv", value.name]);
  const tensors = Object.fromEntries([...inputs, ["out", out.name]]);
  const scales = Object.entries(tensors).map(([key, tensor]) => [`${key}_scale`, `${tensor}.scale`]);
  const buffers = { ...tensors, ...(scaled && Object.fromEntries(scales)) };
  // Any buffer of floats can be bound if the table is not used.
  const table = bias || typeof scale === "string" ? `${name}.bias` : (buffers.qkv_scale ?? buffers.qkv);
  const step = { label: name, operation: "attention", kernels, problem: attentionProblem(op, images) };
  return { ...step, buffers: isWide(op) && !apart ? { ...buffers, bias: table } : buffers };
}

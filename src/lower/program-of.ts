// Selects the program of a model for an arithmetic and a machine. No other code distinguishes arithmetics.

import { UnsupportedModelError } from "../errors/errors.ts";
import { part } from "../errors/part.ts";
import type { Capabilities } from "../gpu/kernel.ts";
import { fused, isPlain } from "../network/fused.ts";
import type { Model } from "../network/model.ts";
import type { FusedOp, Network } from "../network/op.ts";
import { type Arithmetic, isInteger } from "./arithmetic.ts";
import { isWide } from "./attention.ts";
import { int8Program } from "./int8.ts";
import { type Int8Kernels, int8Kernels } from "./kernels.ts";
import type { Program } from "./program.ts";

export interface ProgramOptions extends Pick<Model, "name" | "network" | "quantization"> {
  readonly affine: { readonly int8Offset: readonly number[] };
}

/** Changes a set of kernels to those with another residual stream. */
export type Streamed = (kernels: Int8Kernels) => Int8Kernels;

/**
 * @param machine limits and features for kernels; undefined: only kernels that run everywhere
 * @param streamed the form of the residual stream, if it is not f32
 * @throws UnsupportedModelError for a model that the arithmetic does not support
 */
export async function programOf(
  { name, network: whole, quantization, affine: { int8Offset } }: ProgramOptions,
  arithmetic: Arithmetic,
  machine?: Capabilities,
  streamed?: Streamed,
): Promise<Program> {
  const { nonlinear } = arithmetic;
  // The tanh form is GELU too: 40 times as near to it as the integer forms are.
  const other = whole.ops.find((op) => op.kind === "activation" && !/^gelu/.test(op.activation));
  if (other?.kind === "activation" && isInteger(nonlinear))
    throw new UnsupportedModelError(
      `${name}: expected nonlinear exact or fast for ${other.activation}, got ${nonlinear}.`,
    );
  const computed = asComputed(whole, arithmetic);
  const network = fused(computed);
  const lower = await loweringOf(network, { name, quantization, int8Offset }, arithmetic, machine, streamed);
  return {
    ...lower(network),
    async features() {
      const { featuresOf } = await part(import("../network/features.ts"));
      return lower(fused(featuresOf(name, computed))).graph(1);
    },
  };
}

/** The function that lowers a network, or another with the same operations, to a program. */
async function loweringOf(
  network: Network<FusedOp>,
  {
    name,
    quantization,
    int8Offset,
  }: Pick<Model, "name" | "quantization"> & { int8Offset: readonly number[] },
  arithmetic: Arithmetic,
  machine?: Capabilities,
  streamed?: Streamed,
): Promise<(network: Network<FusedOp>) => Program> {
  const { precision, nonlinear, integerOnly } = arithmetic;
  if (precision === "float32") {
    const { floatProgram } = await part(import("./float.ts"));
    return (one) => floatProgram(one, { int8Offset });
  }
  const kernels = await withWideAttention(network, await kernelsFor(arithmetic, machine));
  if (quantization?.calibration) {
    const { levelsProgram } = await part(import("./levels.ts"));
    const options = { name, calibration: quantization.calibration, int8Offset, nonlinear, kernels };
    return (one) => levelsProgram(one, options);
  }
  const float = quantization?.ignore;
  if (isPlain(network) && !float?.length)
    return (one) => int8Program(one, { int8Offset }, streamed?.(kernels) ?? kernels);
  const { checkInteger, int8ProgramOfEvery } = await part(import("./int8-every.ts"));
  if (isInteger(nonlinear)) checkInteger(name, network, integerOnly, float);
  return (one) => int8ProgramOfEvery(one, { int8Offset }, kernels, float);
}

/** Replaces GELU by its tanh approximation if requested. */
function asComputed(network: Network, { nonlinear }: Arithmetic): Network {
  if (nonlinear !== "fast") return network;
  const ops = network.ops.map((op) =>
    op.kind === "activation" && op.activation === "gelu" ? { ...op, activation: "gelu_tanh" as const } : op,
  );
  return { ...network, ops };
}

/** With the kernels of attention that is more than plain, where the network has it. */
async function withWideAttention({ ops }: Network<FusedOp>, kernels: Int8Kernels): Promise<Int8Kernels> {
  if (!ops.some((op) => op.kind === "attention" && isWide(op))) return kernels;
  return { ...kernels, ...(await part(import("./wide-attention.ts"))) };
}

/** The default kernels are in the core; the others are loaded on demand. */
async function kernelsFor(
  { nonlinear, integerOnly }: Arithmetic,
  machine?: Capabilities,
): Promise<Int8Kernels> {
  // Slower, but there, where a page has lost its network since it was opened.
  const shaped = machine ? await shapedKernels(machine).catch(() => int8Kernels) : int8Kernels;
  if (!isInteger(nonlinear)) return shaped;
  return (await part(import("./integer-kernels.ts"))).integerKernels(shaped, nonlinear, integerOnly);
}

/** The kernels for this kind of adapter. */
async function shapedKernels({ software, int8Matrices }: Capabilities): Promise<Int8Kernels> {
  if (software) return (await import("./software-kernels.ts")).softwareKernels;
  const { gpuKernels } = await import("./gpu-kernels.ts");
  if (int8Matrices.size === 0) return gpuKernels;
  return (await import("./matrix-kernels.ts")).matrixKernels(gpuKernels);
}

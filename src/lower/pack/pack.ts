// From a checkpoint's tensors, as they arrive, to the buffers that steps name: each is pulled through, one tensor's floats at a time.

import type { CanonicalName } from "../../format/names.ts";
import type { TensorEntry } from "../../format/safetensors.ts";
import { type FusedOp, type Interpreter, interpret, type Network } from "../../network/op.ts";
import type { Int8Kernels } from "../kernels.ts";
import { LinearPacker } from "./linear.ts";
import { NormPacker } from "./norm.ts";

export type Precision = "int8" | "float32";

/** A tensor of a checkpoint under its one name, float or int8. */
export interface StoredTensor {
  readonly name: CanonicalName;
  readonly entry: TensorEntry;
  readonly bytes: Uint8Array;
}

/** A buffer that a step names. */
export type Packed = readonly [name: string, data: ArrayBufferView];

/** Takes the tensors of one operation, in any order, and gives each buffer once, as soon as it is whole. */
export interface Packer {
  readonly takes: readonly CanonicalName[];
  take(tensor: StoredTensor): Iterable<Packed>;
}

export interface PackOptions {
  readonly precision: Precision;
  /** What each colour is worth where a pixel is 0 in int8. */
  readonly int8Offset: readonly number[];
  /** How the residual stream begins. */
  readonly stream?: Int8Kernels["stream"];
}

const PACKERS: Interpreter<FusedOp, [options: PackOptions], Packer[]> = {
  patches: () => [],
  linear: (op, options) => [new LinearPacker(op, options)],
  norm: (op) => [new NormPacker(op)],
  attention: () => [],
};

/** What takes the tensors of an operation. */
export const packersOf = (op: FusedOp, options: PackOptions) => interpret(PACKERS, op, options);

/**
 * `<layer>.weight` (int8 [k/16, n, 16], or f32 [k, n]), `.weight_scale` [n], `.bias` [n], `.gamma` and `.beta` of norms and
 * `patch.table` [tokens, width], all padded to 64 columns.
 * @throws ModelFormatError for a weight that is not finite.
 */
export function packed(
  network: Network<FusedOp>,
  options: PackOptions,
  tensors: AsyncIterable<StoredTensor>,
) {
  const packers = network.ops.flatMap((op) => packersOf(op, options));
  return pulled(packers, tensors);
}

/** Every tensor through the packer that takes it. */
export async function* pulled(
  packers: readonly Packer[],
  tensors: AsyncIterable<StoredTensor>,
): AsyncGenerator<Packed> {
  const takers = new Map(packers.flatMap((packer) => packer.takes.map((name) => [name, packer])));
  for await (const tensor of tensors) yield* takers.get(tensor.name)?.take(tensor) ?? [];
}

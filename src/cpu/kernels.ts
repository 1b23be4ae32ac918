// The CPU's function for each operation and the forms that it reads and writes.

import { UnsupportedDeviceError } from "../errors/errors.ts";
import type { Form, Step, Tensor } from "../scheduler/step.ts";
import { attention, attentionFloat } from "./attention.ts";
import { gemmFloat, gemmGroupsFloat, gemmRowFloat, gemmRowGroups } from "./gemm.ts";
import { head } from "./head.ts";
import { prepareHeads, prepareHeadsQuantize } from "./heads.ts";
import { layernorm, layernormQuantize } from "./layernorm.ts";
import * as rows from "./rows.ts";

export type Arrays = Record<string, Int8Array | Float32Array>;
export type Compute = (problem: never, arrays: never) => void;

/** By operation, form of the first tensor that it reads, and form of its output. */
export const cpuKernels: ReadonlyMap<string, Compute> = new Map<string, Compute>([
  ["linear groups f32", gemmGroupsFloat],
  ["linear row f32", gemmRowFloat],
  ["linear row groups", gemmRowGroups],
  ["linear f32 f32", gemmFloat],
  ["attention groups groups", attention],
  ["attention f32 f32", attentionFloat],
  ["norm f32 f32", layernorm],
  ["norm f32 row", layernormQuantize],
  ["head f32 f32", head],
  ["heads f32 f32", prepareHeads],
  ["heads f32 groups", prepareHeadsQuantize],
  ["gather f32 f32", rows.gatherRows],
  ["mean f32 f32", rows.meanRows],
  ["concat f32 f32", rows.concatColumns],
  ["combine f32 f32", rows.combine],
  ["activation f32 f32", rows.activate],
  ["quantize f32 row", rows.quantizeRows],
  ["quantize f32 groups", rows.quantizeGroups],
  ["dequantize groups f32", rows.dequantizeGroups],
]);

/** The type of a binding's view. */
export const viewOf = (form: Form) => (form === "f32" ? Float32Array : Int8Array);

export function computeOf(
  { operation, buffers }: Step,
  tensors: ReadonlyMap<string, Tensor>,
): (problem: unknown, arrays: Arrays) => void {
  // A weight that is read as it is, such as learned rows, is f32.
  const forms = [buffers.a ?? buffers.x ?? buffers.qkv ?? buffers.q, buffers.out].map(
    (name) => tensors.get(name)?.form ?? "f32",
  );
  const key = [operation, ...forms].join(" ");
  const compute = cpuKernels.get(key);
  if (!compute) throw new UnsupportedDeviceError(`CPU: ${key} is not supported. Use WebGPU.`);
  return compute as (problem: unknown, arrays: Arrays) => void;
}

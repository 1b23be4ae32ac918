// The device that a model runs on: a GPU, or the CPU.

import {
  DeviceError,
  DeviceLostError,
  SelfTestError,
  ShaderError,
  UnsupportedDeviceError,
} from "../errors/errors.ts";
import type { AdapterFacts } from "../gpu/gpu.ts";
import type { Capabilities } from "../gpu/kernel.ts";
import type { Arithmetic } from "../lower/arithmetic.ts";
import type { Packed } from "../lower/pack/packer.ts";
import type { Program } from "../lower/program.ts";
import type { Streamed } from "../lower/program-of.ts";
import type { Compared } from "./compared.ts";
import type { Backend } from "./engine.ts";
import type { ModelDescription } from "./model.ts";

/** Where a model runs: see `LoadOptions.device`. */
export type DeviceChoice = "auto" | "webgpu" | "cpu";

/** Why a model runs slower than it would on a GPU, and what to do about it. */
export interface Advice {
  /** Why it is slower. */
  readonly reason: string;
  /** What to do about it; empty if nothing helps. */
  readonly remedy: string;
}

export interface Device {
  readonly backend: "webgpu" | "cpu";
  readonly adapter: AdapterFacts;
  /** Limits and features that kernels can use; undefined without a GPU. */
  readonly machine?: Capabilities;
  /** Why it is slower than a GPU, and what to do about it; undefined on a GPU. */
  readonly advice: Advice | undefined;
  /** Number of threads, and the reason for it; undefined on a GPU. */
  readonly threads?: { readonly count: number; readonly why: string };
  /** Why there are no integer operations; undefined if there are. */
  readonly noIntegers?: string;
  /** Bytes of all buffers and textures on the device, including those of other classifiers. */
  readonly bytes: number;
  /** Times of the GPU and of the CPU, if they were compared. */
  readonly compared?: Compared;
  /** Also times the model's largest matrix product on the CPU. @throws UnsupportedDeviceError if the CPU is 1.5 times as fast */
  compare?(
    model: ModelDescription,
    arithmetic: Arithmetic,
    program: Program,
    autotune?: boolean,
  ): Promise<void>;
  /** A program with an f16 residual stream if that is measured to be faster; otherwise undefined. */
  streamed?(arithmetic: Arithmetic, autotune?: boolean): Promise<Streamed | undefined>;
  /** Loads the weights onto the device. A failure releases their memory. */
  load(
    model: ModelDescription,
    program: Program,
    packed: AsyncIterable<Packed>,
    autotune?: boolean,
  ): Promise<Backend>;
  /** Resolves with the reason when the device is lost; undefined for a device that cannot be lost. */
  readonly lost?: Promise<string>;
  release(): void;
}

/** Why the CPU is used after WebGPU failed. Without `reason`, the message is the reason. */
export type Reason = Pick<Error, "message"> & Pick<Device, "compared"> & Partial<Advice>;

/** Whether the device caused the error, so that another device may succeed. An error of the model is the same on every device. */
export function isDeviceFault(error: unknown): boolean {
  const kinds = [UnsupportedDeviceError, ShaderError, SelfTestError, DeviceError, DeviceLostError];
  return kinds.some((kind) => error instanceof kind);
}

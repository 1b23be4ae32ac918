// Where a model runs: on a GPU, or without one on the CPU.

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

export type DeviceChoice = "auto" | "webgpu" | "cpu";

/** Why a model runs slower than it would on a GPU, and what to do about it. */
export interface Advice {
  readonly reason: string;
  /** Empty if there is nothing to do. */
  readonly remedy: string;
}

export interface Device {
  readonly backend: "webgpu" | "cpu";
  readonly adapter: AdapterFacts;
  /** What kernels may count on; absent where there is no GPU. */
  readonly machine?: Capabilities;
  /** Why it is slower than a GPU, and what to do about it; undefined on a GPU. */
  readonly advice: Advice | undefined;
  /** How many threads compute, and why so many; absent on a GPU. */
  readonly threads?: { readonly count: number; readonly why: string };
  /** Why it has no integer operations; absent where it has. */
  readonly noIntegers?: string;
  /** Bytes of all that is held, those of other classifiers on the device included. */
  readonly bytes: number;
  /** What the GPU and the CPU take, where they were compared. */
  readonly compared?: Compared;
  /** Times the model's largest matrix product on the CPU too. @throws UnsupportedDeviceError where that is the faster one by half */
  compare?(
    model: ModelDescription,
    arithmetic: Arithmetic,
    program: Program,
    autotune?: boolean,
  ): Promise<void>;
  /** To a residual stream in f16 where that is measured to be the faster; else undefined. */
  streamed?(arithmetic: Arithmetic, autotune?: boolean): Promise<Streamed | undefined>;
  /** Pulls the weights there. Nothing of them stays when it fails. */
  load(
    model: ModelDescription,
    program: Program,
    packed: AsyncIterable<Packed>,
    autotune?: boolean,
  ): Promise<Backend>;
  /** Resolves with the reason when the device is lost; absent: it cannot be. */
  readonly lost?: Promise<string>;
  release(): void;
}

/** Why the CPU is used, after WebGPU was tried. Without `reason` it is the message. */
export type Reason = Pick<Error, "message"> & Pick<Device, "compared"> & Partial<Advice>;

/** Whether a load failed by its device, so that another device may do; a fault of the model is the same on each. */
export function isDeviceFault(error: unknown): boolean {
  const kinds = [UnsupportedDeviceError, ShaderError, SelfTestError, DeviceError, DeviceLostError];
  return kinds.some((kind) => error instanceof kind);
}

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
import type { Int8Kernels } from "../vit/kernels.ts";
import type { Arithmetic } from "../vit/nonlinear.ts";
import type { WeightOptions } from "../vit/weights.ts";
import type { Backend, EngineOptions } from "./engine.ts";
import type { ModelDescription } from "./model.ts";

export type DeviceChoice = "auto" | "webgpu" | "cpu";

/** Sends each packed tensor through `emit`, once, as soon as it is complete. */
export type StreamWeights = (emit: WeightOptions["emit"]) => Promise<unknown>;

export interface DeviceLoading extends EngineOptions {
  readonly autotune?: boolean;
}

/** The int8 path with its residual stream in f16. */
export interface HalfStream {
  /** In the place of those of a set that touch the stream. */
  readonly kernels: (kernels: Int8Kernels) => Int8Kernels;
  /** Stands between what is packed and the device. */
  readonly weights: (emit: WeightOptions["emit"]) => WeightOptions["emit"];
}

export interface Device {
  readonly backend: "webgpu" | "cpu";
  readonly adapter: AdapterFacts;
  /** What kernels may count on; absent where there is no GPU. */
  readonly machine?: Capabilities;
  /** Why it is slower than a GPU, and what to do about that; undefined on a GPU. */
  readonly advice: string | undefined;
  /** How many threads compute, and why so many; absent on a GPU. */
  readonly threads?: { readonly count: number; readonly why: string };
  /** Bytes of all that is held, those of other classifiers on the device included. */
  readonly bytes: number;
  /** Where that is measured to be the faster; else undefined. */
  halfStream?(arithmetic: Arithmetic, autotune?: boolean): Promise<HalfStream | undefined>;
  /** Puts the weights there. Nothing of them stays when it fails. */
  load(model: ModelDescription, stream: StreamWeights, options: DeviceLoading): Promise<Backend>;
  /** Resolves with the reason when the device is lost; absent: it cannot be. */
  readonly lost?: Promise<string>;
  release(): void;
}

/** Whether a load failed by its device, so that another device may do; a fault of the model is the same on each. */
export function isDeviceFault(error: unknown): boolean {
  const kinds = [UnsupportedDeviceError, ShaderError, SelfTestError, DeviceError, DeviceLostError];
  return kinds.some((kind) => error instanceof kind);
}

// A model on a device, opened again when the device is lost.

import { DeviceLostError, UnsupportedDeviceError, UnsupportedModelError } from "../errors/errors.ts";
import { part } from "../errors/part.ts";
import { until } from "../errors/until.ts";
import type { ModelFolder } from "../format/folder.ts";
import { arithmeticOf, isInteger } from "../lower/arithmetic.ts";
import { programOf } from "../lower/program-of.ts";
import type { LoadOptions } from "./api.ts";
import { type Device, isDeviceFault, type Reason } from "./device.ts";
import { Engine } from "./engine.ts";
import { type GpuAccess, openGpuDevice } from "./gpu-device.ts";
import { describeModel, type ModelDescription, storedTensors } from "./model.ts";

export interface Session<E extends Closable = Engine, M = ModelDescription> {
  readonly device: Device;
  readonly model: M;
  readonly engine: E;
  /** Tensors of the file that the model does without. */
  readonly ignored: readonly string[];
}

interface Closable {
  destroy(): Promise<void>;
}

/** Puts a model on a device. */
export type LoadOn<S> = (device: Device, folder: ModelFolder, options: LoadOptions) => Promise<S>;

/** A failed call may be reported shortly before the device loss that caused it. */
const LOSS_IS_TOLD_MS = 50;

/** Why the device was lost; undefined: it was not. */
export function lossOf({ lost }: Device): Promise<string | undefined> {
  const later = new Promise<undefined>((resolve) => setTimeout(resolve, LOSS_IS_TOLD_MS));
  return Promise.race([lost ?? later, later]);
}

/** After an abort, most work ends within this time; a caller does not wait longer for a GPU that hangs. */
export const CLEAN_UP_MS = 20;

export function lostTwice(who: string, reason: string, cause: unknown): DeviceLostError {
  return new DeviceLostError(
    `${who}: the GPU was lost twice in a row (${reason}). Close other pages that use it, update the driver, or load with device: "cpu".`,
    { cause },
  );
}

/**
 * Opens a device and loads the model on it. `auto` uses the CPU if there is no GPU, only a software adapter, or a GPU that fails or is
 * slower.
 * @param why the CPU is used, if WebGPU was tried before
 * @param fallsBack which errors make `auto` use the CPU
 * @throws DeviceLostError if the GPU is lost twice; the errors of the files, the model and the device
 */
export function openSession(
  access: GpuAccess,
  folder: ModelFolder,
  options: LoadOptions,
  why?: Reason,
  fallsBack = isDeviceFault,
): Promise<Session> {
  return openWith(loadedOn, access, folder, options, why, fallsBack);
}

/** The same for the result of `load` for the folder. */
export async function openWith<S extends Session<Closable, unknown>>(
  load: LoadOn<S>,
  access: GpuAccess,
  folder: ModelFolder,
  options: LoadOptions,
  why?: Reason,
  fallsBack = isDeviceFault,
): Promise<S> {
  const { device = "auto", signal, onProgress } = options;
  let reason = why;
  if (device !== "cpu")
    try {
      const onlyIfFaster = access.onlyIfFaster || device === "auto";
      return await openOnGpu(load, { ...access, onlyIfFaster }, folder, options);
    } catch (error) {
      if (device === "webgpu" || signal?.aborted || !fallsBack(error)) throw error;
      reason = error as Reason;
    }
  if (reason) onProgress?.({ stage: "fallback", why: reason.message });
  import("../wasm/model.ts").catch(() => {});
  const { openCpuDevice } = await part(import("./cpu-device.ts"));
  const cpu = await openCpuDevice(reason, await access.threads?.());
  try {
    return await loadOn(load, cpu, folder, options);
  } catch (error) {
    cpu.release();
    throw error;
  }
}

/** Once more from the start where the device is lost meanwhile. */
async function openOnGpu<S extends Session<Closable, unknown>>(
  load: LoadOn<S>,
  access: GpuAccess,
  folder: ModelFolder,
  options: LoadOptions,
): Promise<S> {
  const { signal } = options;
  for (let attempt = 0; ; attempt++) {
    const device = await openGpuDevice(access, signal);
    try {
      return await loadOn(load, device, folder, options);
    } catch (error) {
      // Checked before the device is released, because that also counts as a loss.
      const reason = signal?.aborted ? undefined : await lossOf(device);
      device.release();
      if (reason === undefined) throw error;
      if (attempt > 0) throw lostTwice("loading", reason, error);
    }
  }
}

/** The signal ends every wait. A device that opens after that is released. */
async function loadOn<S extends Session<Closable, unknown>>(
  load: LoadOn<S>,
  device: Device,
  folder: ModelFolder,
  options: LoadOptions,
): Promise<S> {
  const { signal } = options;
  signal?.throwIfAborted();
  const loading = load(device, folder, options);
  return until(signal, loading, CLEAN_UP_MS).catch((error) => {
    loading.then(({ engine }) => engine.destroy()).catch(() => {});
    throw error;
  });
}

async function loadedOn(device: Device, folder: ModelFolder, options: LoadOptions): Promise<Session> {
  const { signal, onProgress, autotune } = options;
  const arithmetic = arithmeticOf(options);
  onProgress?.({ stage: "download", file: "config.json" });
  const [model, streamed] = await Promise.all([
    describeModel(folder, signal),
    device.streamed?.(arithmetic, autotune),
  ]);
  if (arithmetic.precision === "float32" && model.quantization)
    throw new UnsupportedModelError(
      `${model.id}: expected a float checkpoint for precision float32, got int8. Load the float model.`,
    );
  if (isInteger(arithmetic.nonlinear) && device.noIntegers)
    throw new UnsupportedDeviceError(
      `${model.id}: integer non-linear operations need WebGPU or WebAssembly. ${device.noIntegers} Load with nonlinear exact or fast.`,
    );
  const program = await programOf(model, arithmetic, device.machine, streamed);
  await device.compare?.(model, arithmetic, program, autotune);
  let ignored: readonly string[] = [];
  const onIgnored = (names: readonly string[]) => {
    ignored = names;
  };
  const packed = program.pack(storedTensors(folder, model, { ...options, onIgnored }));
  const backend = await device.load(model, program, packed, autotune);
  const engine = new Engine(program, backend);
  try {
    onProgress?.({ stage: "compile" });
    await until(signal, backend.compiling ?? Promise.resolve());
    onProgress?.({ stage: "self-test" });
    await engine.prepare(1);
    await backend.keep?.();
    signal?.throwIfAborted();
  } catch (error) {
    await engine.destroy();
    throw error;
  }
  onProgress?.({ stage: "ready" });
  return { device, model, engine, ignored };
}

/** Releases everything, after the current run. */
export async function closeSession({
  engine,
  device,
}: Pick<Session<Closable>, "engine" | "device">): Promise<void> {
  await engine.destroy();
  device.release();
}

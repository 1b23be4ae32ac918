// The report of a classifier.

import { arithmeticOf } from "../lower/arithmetic.ts";
import type { KernelReport, LoadOptions, Report } from "./api.ts";
import type { Chosen } from "./engine.ts";
import type { Session } from "./session.ts";

/** The parts of a session that the report needs. */
interface Reported extends Pick<Session, "device" | "ignored"> {
  readonly model: Pick<Session["model"], "id" | "quantization">;
  readonly engine: Pick<Session["engine"], "choices" | "dispatches">;
}

export function reportOf(
  { device, model, engine, ignored }: Reported,
  options: LoadOptions,
  losses: readonly string[],
): Report {
  return {
    model: model.id,
    checkpoint: model.quantization ? "quantized" : "float",
    floatLayers: model.quantization?.ignore ?? [],
    ...arithmeticOf(options),
    backend: device.backend,
    adapter: device.adapter,
    advice: device.advice,
    compared: device.compared,
    threads: device.threads,
    kernels: summarized(engine.choices.values()),
    dispatches: engine.dispatches,
    gpuBytes: device.bytes,
    ignoredTensors: ignored.slice(0, 100),
    losses,
  };
}

/** One line for all steps that run the same variant. */
function summarized(choices: Iterable<Chosen>): KernelReport[] {
  const reports = new Map<string, KernelReport>();
  for (const { kernel, variant, why } of choices) {
    const key = `${kernel.name}/${variant}`;
    const steps = (reports.get(key)?.steps ?? 0) + 1;
    reports.set(key, { kernel: kernel.name, variant, steps, why });
  }
  return [...reports.values()];
}

// One run of a page: a device, its clocks, then rows, whatever happens to some of them.

import { version } from "../../package.json";
import { type Clocks, clocksOf, wallClock } from "../../src/bench/clock.ts";
import { Device } from "../../src/bench/device.ts";
import { allCases } from "../../src/bench/kernels.ts";
import { measurePeaks, type Peaks } from "../../src/bench/peaks.ts";
import { QUICK, STANDARD } from "../../src/bench/sampling.ts";
import { UnsupportedDeviceError } from "../../src/errors/errors.ts";
import { type AdapterFacts, type Gpu, openGpu } from "../../src/gpu/gpu.ts";
import type { BenchPage, Row, Run } from "./bench-page.ts";
import type { ParameterName, Settings } from "./settings.ts";
import { spoilt } from "./spoilt.ts";

export interface Progress {
  /** Once the adapter is known, and after each row. */
  onProgress(run: Run, done: number, total: number): void;
  onWords(words: string): void;
}

export interface Asked {
  readonly settings: Settings;
  /** Of a model, chosen from this machine. */
  readonly folder?: readonly File[];
}

/** @throws UnsupportedDeviceError without WebGPU, DeviceError where the ceilings cannot be measured. */
export async function runPage(
  page: BenchPage,
  { settings, folder }: Asked,
  { onProgress, onWords }: Progress,
  signal: AbortSignal,
): Promise<Run> {
  const start = performance.now();
  const without = settings.clock === "wall" ? ["timestamp-query"] : [];
  const device = new Device(() => openGpu({ without }));
  const repeats = settings.preset === "quick" ? QUICK : STANDARD;
  try {
    const facts = await factsOf(device, page.parameters.includes("device") ? settings.device : "webgpu");
    const rows: Row[] = [];
    let peaks: Peaks | undefined;
    const runNow = (cancelled = false) => runOf(page, settings, { ...facts, peaks, rows, start, cancelled });
    onProgress(runNow(), 0, 0);
    const bench = {
      device,
      backend: facts.backend,
      suites: settings.wrong ? allCases.map((cases) => spoilt(cases, settings.wrong)) : allCases,
      repeats,
      settings,
      folder,
      signal,
      async peaks() {
        onWords("Measuring the peak performance of this adapter …");
        peaks ??= await device.use((gpu) => measurePeaks(gpu, repeats, signal));
        return peaks;
      },
      tell: onWords,
      onRow(row: Row, done: number, total: number) {
        rows.push(row);
        onProgress(runNow(), done, total);
      },
    };
    await page.measure(bench).catch((error) => {
      if (!signal.aborted) throw error;
    });
    return runNow(signal.aborted);
  } finally {
    device.destroy();
  }
}

const CPU: AdapterFacts = { vendor: "", architecture: "cpu", description: "the CPU", isFallback: false };

/** Of the GPU, or of the CPU where that is chosen: by name, or because there is no GPU or only a software adapter. */
async function factsOf(device: Device, choice: Settings["device"]) {
  const onGpu = async (gpu: Gpu) => {
    if (choice === "auto" && gpu.adapter.isFallback)
      throw new UnsupportedDeviceError("only a software adapter");
    return { backend: "webgpu" as const, adapter: gpu.adapter, clocks: await clocksOf(gpu) };
  };
  const onCpu = { backend: "cpu" as const, adapter: CPU, clocks: wallClock() };
  if (choice === "cpu") return onCpu;
  return device.use(onGpu).catch((error) => {
    if (choice === "auto" && error instanceof UnsupportedDeviceError) return onCpu;
    throw error;
  });
}

interface Measured {
  readonly adapter: AdapterFacts;
  readonly clocks: Clocks;
  readonly peaks: Peaks | undefined;
  readonly rows: readonly Row[];
  readonly start: number;
  readonly cancelled: boolean;
}

function runOf(
  { id, parameters }: BenchPage,
  settings: Settings,
  { start, rows, ...measured }: Measured,
): Run {
  return {
    format: 1,
    page: id,
    date: new Date().toISOString(),
    version,
    agent: navigator.userAgent,
    settings: settingsFor(parameters, settings),
    elapsedS: (performance.now() - start) / 1000,
    ...measured,
    rows: [...rows],
  };
}

/** Those that this page reads. */
function settingsFor(parameters: readonly ParameterName[], settings: Settings): Partial<Settings> {
  const names = ["preset", ...parameters, ...(settings.wrong ? (["wrong"] as const) : [])] as const;
  return Object.fromEntries(names.map((name) => [name, settings[name]]));
}

// The measurements of an adapter, cached between visits.

import type { Gpu } from "../gpu/gpu.ts";
import type { Tuning } from "../scheduler/tune.ts";
import type { TextCache } from "./cache.ts";

const tunings = new WeakMap<Gpu, Promise<Tuning>>();

/** The measurements of a device, shared by all its classifiers and cached for the next visit. */
export function tuningOf(gpu: Gpu, cache: TextCache | undefined): Promise<Tuning> {
  const tuning = tunings.get(gpu) ?? remember(gpu, cache);
  tunings.set(gpu, tuning);
  return tuning;
}

export async function keepTuning(gpu: Gpu, tuning: Tuning, cache: TextCache | undefined): Promise<void> {
  await cache?.write(nameOf(gpu), JSON.stringify([...tuning]));
}

async function remember(gpu: Gpu, cache: TextCache | undefined): Promise<Tuning> {
  try {
    return new Map(JSON.parse((await cache?.read(nameOf(gpu))) ?? "[]"));
  } catch {
    return new Map(); // damaged: measured again
  }
}

/** A new adapter, driver, browser or Node version is measured again; so is a new build, because the keys of `Tuning` differ. */
export function nameOf({ adapter: { vendor, architecture, description } }: Gpu): string {
  const host = globalThis.navigator?.userAgent ?? "";
  return [vendor, architecture, description, host].join(" | ");
}

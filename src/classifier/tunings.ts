// What was measured on an adapter, kept from one visit to the next.

import type { Gpu } from "../gpu/gpu.ts";
import type { Tuning } from "../scheduler/tune.ts";

/** Keeps texts by name between visits. Where it cannot, it holds nothing: it never throws. */
export interface Notebook {
  read(name: string): Promise<string | undefined>;
  write(name: string, text: string): Promise<void>;
}

const tunings = new WeakMap<Gpu, Promise<Tuning>>();

/** What was measured on a device serves every classifier on it, and the next visit. */
export function tuningOf(gpu: Gpu, notebook: Notebook | undefined): Promise<Tuning> {
  const tuning = tunings.get(gpu) ?? remember(gpu, notebook);
  tunings.set(gpu, tuning);
  return tuning;
}

export async function keepTuning(gpu: Gpu, tuning: Tuning, notebook: Notebook | undefined): Promise<void> {
  await notebook?.write(nameOf(gpu), JSON.stringify([...tuning]));
}

async function remember(gpu: Gpu, notebook: Notebook | undefined): Promise<Tuning> {
  try {
    return new Map(JSON.parse((await notebook?.read(nameOf(gpu))) ?? "[]"));
  } catch {
    return new Map(); // damaged: measured anew
  }
}

/** Another adapter, driver, browser or Node measures anew; another build does by the keys of `Tuning`. */
export function nameOf({ adapter: { vendor, architecture, description } }: Gpu): string {
  const host = globalThis.navigator?.userAgent ?? "";
  return [vendor, architecture, description, host].join(" | ");
}

/** The browser's Cache API, which pages and workers share. */
export const pageNotebook: Notebook = {
  async read(name) {
    const found = await globalThis.caches?.match(addressOf(name)).catch(() => undefined);
    return found?.text();
  },
  async write(name, text) {
    try {
      const cache = await caches.open("vit8-tuning");
      await cache.put(addressOf(name), new Response(text));
    } catch {} // no secure context, or no room: measured again next time
  },
};

/** Nothing answers there: it is a key. */
const addressOf = (name: string) => `https://vit8.invalid/tuning/${encodeURIComponent(name)}`;

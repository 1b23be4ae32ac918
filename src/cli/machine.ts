// The machine of a measurement, in addition to the adapter.

import { cpus } from "node:os";

export interface Machine {
  /** ISO 8601. */
  readonly date: string;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
}

export function machineOf(): Machine {
  const all = cpus();
  return {
    date: new Date().toISOString(),
    node: process.version,
    cpu: all[0]?.model.trim() ?? "unknown",
    cores: all.length,
  };
}

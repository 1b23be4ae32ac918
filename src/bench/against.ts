// A run of `vit8 bench` held against an earlier one.

import { type Ratio, ratioOf, type Spread } from "./statistics.ts";

/** A row of either run: its name, and its time if it was measured. */
export interface TimedRow {
  readonly name: string;
  readonly ms?: Spread;
}

export interface Comparison {
  readonly name: string;
  readonly beforeMs: number;
  readonly ms: number;
  /** Time before over time now: above 1, this run is faster. */
  readonly ratio: Ratio;
}

export interface Against {
  readonly rows: readonly Comparison[];
  /** Rows of this run that the other one lacks, or could not time. */
  readonly onlyHere: number;
  /** The other way round. */
  readonly onlyThere: number;
}

/** Pairs rows by name. */
export function against(before: readonly TimedRow[], now: readonly TimedRow[]): Against {
  const timed = (rows: readonly TimedRow[]) =>
    new Map(rows.flatMap(({ name, ms }) => (ms ? [[name, ms]] : [])));
  const [there, here] = [timed(before), timed(now)];
  const rows = [...here].flatMap(([name, ms]) => {
    const other = there.get(name);
    if (!other) return [];
    return [{ name, beforeMs: other.median, ms: ms.median, ratio: ratioOf(other.samples, ms.samples) }];
  });
  return { rows, onlyHere: here.size - rows.length, onlyThere: there.size - rows.length };
}

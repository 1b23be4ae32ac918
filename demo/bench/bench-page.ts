// What a page of measurements is made of: data that main.ts, run.ts and the tables and plots read.

import type { PlotOptions } from "@observablehq/plot";
import type { Clocks } from "../../src/bench/clock.ts";
import type { Device } from "../../src/bench/device.ts";
import type { Peaks } from "../../src/bench/peaks.ts";
import type { Repeats } from "../../src/bench/sampling.ts";
import type { Spread } from "../../src/bench/statistics.ts";
import type { Cell, Column } from "../../src/bench/table.ts";
import type { AdapterFacts } from "../../src/gpu/gpu.ts";
import type { AnyCases } from "../../src/testing/cases.ts";
import type { ParameterName, PresetName, Settings } from "./settings.ts";

/** One measurement: a time with its samples, or why there is none. */
export interface Row {
  readonly ms?: Spread;
  /** Samples that a hidden tab has spoilt. */
  readonly discarded?: number;
  readonly error?: string;
}

/** What a page measures with. */
export interface Bench {
  readonly device: Device;
  readonly suites: readonly AnyCases[];
  readonly repeats: Repeats;
  readonly settings: Settings;
  /** Where models run. */
  readonly backend: "webgpu" | "cpu";
  /** The model folder that the user chose, on a page with such an input. */
  readonly folder?: readonly File[];
  readonly signal: AbortSignal;
  /** The peaks of this adapter; measured at the first call. */
  peaks(): Promise<Peaks>;
  onRow(row: Row, done: number, total: number): void;
  /** Shows what is being done, in words, while there are no new rows. */
  tell(words: string): void;
}

/** What was measured, where and how: all that a link or a file needs to show it again. */
export interface Run {
  readonly format: 1;
  readonly page: string;
  /** ISO 8601. */
  readonly date: string;
  /** vit8's version. */
  readonly version: string;
  readonly agent: string;
  readonly adapter: AdapterFacts;
  readonly clocks: Clocks;
  readonly peaks?: Peaks;
  readonly settings: Partial<Settings>;
  /** Seconds that all of it took. */
  readonly elapsedS: number;
  /** Whether the user stopped it early. */
  readonly cancelled: boolean;
  readonly rows: readonly Row[];
}

/** Numbers of a plot, which are also below it as a table; a table row with an `error` would be a failed one. */
export type PlotRecord = Readonly<Record<string, Cell>> & { readonly error?: never };

export interface PlotPage<R extends Row> {
  readonly title: string;
  /** Nothing: there is nothing to draw. */
  records(rows: readonly R[], run: Run): PlotRecord[];
  draw(records: readonly PlotRecord[], width: number, run: Run): PlotOptions;
}

export interface BenchPage<R extends Row = Row> {
  readonly id: string;
  readonly title: string;
  readonly lead: string;
  readonly parameters: readonly ParameterName[];
  readonly presets: Readonly<Record<PresetName, Partial<Settings>>>;
  /** Whether it measures a model folder that the user chooses. */
  readonly takesFolder?: boolean;
  measure(bench: Bench): Promise<unknown>;
  readonly columns: readonly Column<R>[];
  readonly plots: readonly PlotPage<R>[];
}

/** A page whose rows are of its own kind, among others. */
export function definePage<R extends Row>(page: BenchPage<R>): BenchPage {
  return page as unknown as BenchPage;
}

/** The name of a row: the cells that identify it. Rows of two runs with the same name are compared. */
export function nameOf({ columns }: BenchPage, row: Row): string {
  return columns
    .filter(({ names }) => names)
    .map(({ value }) => value(row))
    .join(" ");
}

// Two runs as ratios of the rows that both have.

import { type Ratio, ratioOf } from "../../src/bench/statistics.ts";
import type { Column } from "../../src/bench/table.ts";
import { type BenchPage, nameOf, type Row, type Run } from "./bench-page.ts";

export interface ComparisonRow extends Row, Partial<Ratio> {
  readonly name: string;
  readonly first?: number;
  readonly second?: number;
}

/** Every row of the second run that the first has too: its time over the first's. */
export function compare(page: BenchPage, first: Run, second: Run): ComparisonRow[] {
  const before = new Map(first.rows.map((row) => [nameOf(page, row), row]));
  return second.rows.flatMap((row) => {
    const name = nameOf(page, row);
    const other = before.get(name);
    if (!row.ms || !other?.ms) return [];
    const [a, b] = [other.ms, row.ms];
    return [{ name, first: a.median, second: b.median, ...ratioOf(b.samples, a.samples) }];
  });
}

export const COMPARISON_COLUMNS: readonly Column<ComparisonRow>[] = [
  { head: "row", value: ({ name }) => name, names: true },
  { head: "first ms", value: ({ first }) => first },
  { head: "second ms", value: ({ second }) => second },
  { head: "second / first", value: ({ ratio }) => ratio },
  { head: "95% from", value: ({ low }) => low },
  { head: "to", value: ({ high }) => high },
  { head: "which", value: ({ low = 1, high = 1 }) => verdict(low, high) },
];

function verdict(low: number, high: number): string {
  if (low > 1) return "slower";
  return high < 1 ? "faster" : "no difference shown";
}

// Which variant of each shape a machine takes unmeasured, and which was the fastest.

import type { KernelRow } from "./kernels.ts";

type Shape = Pick<KernelRow, "kernel" | "problem" | "batch">;

export interface ChosenTask {
  readonly cases: { readonly kernel: { readonly name: string } };
  readonly variant: string;
  readonly problem: object;
  readonly batch: number;
}

/** Rows with marks: `chosen` by the table of variants, `fastest` of those with the same kernel and shape. */
export function marked(rows: readonly KernelRow[], chosen: readonly ChosenTask[]): KernelRow[] {
  const chosenKeys = new Set(
    chosen.map(
      ({ cases: { kernel }, variant, problem, batch }) =>
        `${shapeKey({ kernel: kernel.name, problem, batch })} ${variant}`,
    ),
  );
  const fastest = new Map<string, KernelRow>();
  for (const row of rows) {
    const best = fastest.get(shapeKey(row));
    if (row.ms && (!best?.ms || row.ms.median < best.ms.median)) fastest.set(shapeKey(row), row);
  }
  return rows.map((row) => {
    const marks = [
      ...(chosenKeys.has(`${shapeKey(row)} ${row.variant}`) ? ["chosen"] : []),
      ...(fastest.get(shapeKey(row)) === row ? ["fastest"] : []),
    ];
    return marks.length > 0 ? { ...row, mark: marks.join(", ") as KernelRow["mark"] } : row;
  });
}

function shapeKey({ kernel, problem, batch }: Shape): string {
  return `${kernel} ${batch} ${JSON.stringify(problem)}`;
}

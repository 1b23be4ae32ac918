// `vit8 bench --against FILE`: a run beside an earlier one, whose `-o FILE` or `--json` it reads.

import { readFile } from "node:fs/promises";
import { against, type TimedRow } from "../bench/against.ts";
import type { Spread } from "../bench/statistics.ts";
import { type Column, markdownRows } from "../bench/table.ts";
import { Vit8Error } from "../errors/errors.ts";
import type { BenchReport, CpuReport } from "./bench-tables.ts";
import { mustBeFile } from "./paths.ts";

export type AnyReport = BenchReport | CpuReport;

/** @throws Vit8Error where the file cannot be read, or is not the report of a benchmark. */
export async function readReport(file: string): Promise<AnyReport> {
  await mustBeFile(file);
  const text = await readFile(file, "utf8").catch((cause) => {
    throw new Vit8Error(`${file}: cannot be read (${cause.code}).`, { cause });
  });
  const remedy = "Pass a file that `vit8 bench -o` wrote.";
  let report: AnyReport;
  try {
    report = JSON.parse(text);
  } catch {
    throw new Vit8Error(`${file}: expected JSON, got something else. ${remedy}`);
  }
  if (!Array.isArray(report?.models) || !report.cpu)
    throw new Vit8Error(`${file}: expected the report of a benchmark, got other JSON. ${remedy}`);
  return report;
}

/** Ratios above 1: the later run is faster. */
export function againstTable(file: string, before: AnyReport, now: AnyReport): string {
  const { rows, onlyHere, onlyThere } = against(timedRows(before), timedRows(now));
  const machines = [machineOf(before), machineOf(now)];
  const parts = [
    `Against ${file} of ${before.date.slice(0, 10)}; a ratio above 1 means that this run is faster`,
  ];
  if (machines[0] !== machines[1])
    parts.push(`Not the same machine: ${machines[0]} then, ${machines[1]} now`);
  if (rows.length > 0) parts.push(markdownRows(COLUMNS, rows));
  if (onlyHere + onlyThere > 0)
    parts.push(`Without a partner: ${onlyHere} rows of this run, ${onlyThere} of the file`);
  return `\n${parts.join("\n\n")}\n`;
}

type Row = ReturnType<typeof against>["rows"][number] & { error?: string };

const COLUMNS: readonly Column<Row>[] = [
  { head: "", value: ({ name }) => name, names: true },
  { head: "before ms", value: ({ beforeMs }) => beforeMs },
  { head: "ms", value: ({ ms }) => ms },
  { head: "ratio", value: ({ ratio }) => ratio.ratio },
  {
    head: "95% interval",
    value: ({ ratio: { low, high } }) => `${low.toFixed(2)} to ${high.toFixed(2)}`,
  },
];

function timedRows(report: AnyReport): TimedRow[] {
  const kernels = "kernels" in report ? report.kernels : [];
  return [
    ...kernels.map(({ kernel, variant, step, model, imageSize, batch, ms }) => ({
      name: `${kernel}/${variant}, ${step} of ${shape(model, imageSize, batch)}`,
      ms,
    })),
    ...report.models.map((row) => ({
      name: `${shape(row.model, row.imageSize, row.batch)}${"threads" in row ? `, ${row.threads} threads` : ""}`,
      ms: row.ms as Spread | undefined,
    })),
  ];
}

const shape = (model: string, imageSize: number, batch: number) =>
  `${model}, ${imageSize} px, batch ${batch}`;

function machineOf(report: AnyReport): string {
  if (!("adapter" in report)) return report.cpu;
  return report.adapter.description || `${report.adapter.vendor} ${report.adapter.architecture}`;
}

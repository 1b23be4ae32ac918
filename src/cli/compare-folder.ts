// The folder of a comparison: the rows so far, so that an interrupted comparison can continue.

import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { Vit8Error } from "../errors/errors.ts";
import { parseJson } from "../format/fields.ts";
import { writeFolder } from "../node/write-folder.ts";
import { comparePlot } from "./compare-plot.ts";
import { type CompareReport, type CompareSetting, compareCsv, compareMarkdown } from "./compare-report.ts";
import { readReferenceLogits } from "./reference-logits.ts";
import { json } from "./terminal.ts";

const REPORT = "compare.json";
/** The float32 logits, for those who want to compare with them again: as `vit8 eval --logits` reads them. */
const LOGITS = "float32.f32";

/** The report in the folder; undefined without one. @throws Vit8Error if it is damaged, or has other settings. */
export async function earlierReport(
  folder: string,
  setting: CompareSetting,
  resume: boolean,
): Promise<CompareReport | undefined> {
  const file = path.join(folder, REPORT);
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  if (!resume)
    throw new Vit8Error(
      `${file}: expected a new folder, but it exists. Pass --resume to continue, or choose another folder.`,
    );
  const report = parseJson(text, file) as CompareReport;
  for (const [name, value] of Object.entries(setting)) {
    const before = report[name as keyof CompareSetting];
    if (before !== value)
      throw new Vit8Error(
        `${file}: expected ${name} ${before}, as in the folder, got ${value}. Choose another folder.`,
      );
  }
  return report;
}

/** Writes every file again, each by one rename, so that every file is complete at any time. */
export function writeComparison(folder: string, report: CompareReport): Promise<void> {
  const plot = comparePlot(report.rows);
  const texts: [string, string][] = [
    [REPORT, json(report)],
    ["compare.md", compareMarkdown(report)],
    ["compare.csv", compareCsv(report)],
    ...(plot ? [["accuracy.svg", plot] as [string, string]] : []),
  ];
  const files = new Map(texts.map(([name, text]) => [name, [new TextEncoder().encode(text)]]));
  return writeFolder(folder, files);
}

export function writeLogits(folder: string, rows: readonly Float32Array[]): Promise<void> {
  const pieces = rows.map((row) => new Uint8Array(row.buffer, row.byteOffset, row.byteLength));
  return writeFolder(folder, new Map([[LOGITS, pieces]]));
}

/** The float32 logits of an earlier run; undefined without one. */
export async function readLogits(
  folder: string,
  pictures: number,
  classes: number,
): Promise<Float32Array[] | undefined> {
  const file = path.join(folder, LOGITS);
  if (!(await stat(file).catch(() => undefined))) return undefined;
  return readReferenceLogits(file, pictures, classes);
}

// The results of `vit8 compare`: as an object, as Markdown and as CSV.

import { figure, markdownTable } from "../bench/markdown.ts";
import type { Accuracy, Agreement } from "../bench/score.ts";
import { percent } from "../classifier/percent.ts";
import { inLine } from "../errors/visible.ts";
import type { AdapterFacts } from "../gpu/gpu.ts";
import type { Variant } from "./compare-variants.ts";
import type { Machine } from "./machine.ts";

export interface CompareRow extends Variant, Partial<Accuracy>, Partial<Agreement> {
  /** Bytes of the weights file. */
  readonly modelBytes?: number;
  /** From decoded pixels to logits. */
  readonly msPerImage?: number;
  /** All of it: calibration, load, images. */
  readonly elapsedMs?: number;
  /** Why there are no figures. */
  readonly error?: string;
}

/** The settings that must be the same when an interrupted comparison continues. */
export interface CompareSetting {
  readonly model: string;
  /** Images evaluated. */
  readonly images: number;
  /** Images calibrated on, none of which is evaluated. */
  readonly calibrationImages: number;
  readonly seed: number;
  /** The file of the reference logits; null: vit8's own float32 arithmetic. */
  readonly logits: string | null;
}

export interface CompareReport extends CompareSetting, Machine {
  readonly adapter?: AdapterFacts;
  readonly rows: readonly CompareRow[];
}

export function compareMarkdown(report: CompareReport): string {
  const { model, images, calibrationImages, adapter, cpu, date, rows } = report;
  const place = adapter ? `; ${adapter.description || adapter.architecture}, ${cpu}` : "";
  const calibrated = calibrationImages ? `, calibrated on ${calibrationImages} others` : "";
  const head = ["method", "bits", "non-linear", "top-1", "top-5", "agreement", "cosine", "MB", "ms"];
  const lines = rows.map((row) => [
    row.method,
    row.bits,
    row.nonlinear,
    ...(row.error ? [row.error] : [row.top1, row.top5, row.agreement].map(percent)),
    row.cosine?.toFixed(4) ?? "",
    row.modelBytes ? (row.modelBytes / 1e6).toFixed(2) : "",
    row.msPerImage ? figure(row.msPerImage) : "",
  ]);
  return `${inLine(model)}: ${images} images${calibrated}${place}, ${date.slice(0, 10)}\n\n${markdownTable(head, lines)}\n`;
}

const COLUMNS = [
  "method",
  "bits",
  "nonlinear",
  "top1",
  "top5",
  "agreement",
  "cosine",
  "worstLogitError",
  "modelBytes",
  "msPerImage",
  "elapsedMs",
  "error",
] as const satisfies readonly (keyof CompareRow)[];

/** RFC 4180: what has commas or quotes is quoted. */
export function compareCsv({ rows }: CompareReport): string {
  const cell = (value: string | number | undefined) =>
    /[",\r\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : (value ?? "");
  const lines = rows.map((row) => COLUMNS.map((column) => cell(row[column])).join(","));
  return `${[COLUMNS.join(","), ...lines].join("\r\n")}\r\n`;
}

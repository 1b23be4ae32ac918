// The results of `vit8 bench` as Markdown tables.

import { KERNEL_COLUMNS, MODEL_COLUMNS, SHAPE_COLUMNS, SPREAD_COLUMNS } from "../bench/columns.ts";
import type { CpuRow, CpuShare } from "../bench/cpu-models.ts";
import type { KernelRow } from "../bench/kernels.ts";
import { figure } from "../bench/markdown.ts";
import type { KernelShare, ModelRow } from "../bench/models.ts";
import type { Peaks } from "../bench/peaks.ts";
import { matrixShape } from "../bench/shape.ts";
import { type Column, markdownRows } from "../bench/table.ts";
import { percent } from "../classifier/percent.ts";
import type { AdapterFacts } from "../gpu/gpu.ts";
import type { Machine } from "./machine.ts";

/** The output of `--json` without `--peer`. */
export interface BenchReport extends Machine {
  readonly adapter: AdapterFacts;
  readonly peaks: Peaks;
  readonly kernels: readonly KernelRow[];
  readonly models: readonly ModelRow[];
}

export function benchTables({ adapter, date, cpu, peaks, kernels, models }: BenchReport): string {
  const dot = peaks.dotGops ? `int8 dot ${figure(peaks.dotGops)} GOP/s, ` : "no int8 dot, ";
  const parts = [
    `${adapter.description || `${adapter.vendor} ${adapter.architecture}`}; ${cpu}; ${date.slice(0, 10)}`,
    `Measured peaks: ${dot}f32 ${figure(peaks.floatGops)} GOP/s, copy ${figure(peaks.copyGBs)} GB/s.`,
  ];
  if (kernels.length > 0)
    parts.push(
      "* chosen by an adapter that has measured nothing; ! the fastest here",
      ...kernelTables(kernels),
    );
  if (models.length > 0) parts.push(markdownRows(narrow(MODEL_COLUMNS), models));
  for (const row of models) if (row.kernels) parts.push(shareTable(row));
  return `${parts.join("\n\n")}\n`;
}

/** A terminal of 120 columns has no space for these; the page, `--json` and `-o` have them. */
const ONLY_IN_FILES = ["M x N x K", "compile ms", "n", "wall ms", "drift"];

function narrow<R>(columns: readonly Column<R>[]): Column<R>[] {
  return columns.filter(({ head }) => !ONLY_IN_FILES.includes(head));
}

const VARIANT_COLUMNS: readonly Column<KernelRow>[] = [
  ...narrow(KERNEL_COLUMNS).filter(({ head }) => head !== "kernel" && head !== "step"),
  {
    head: "",
    value: ({ mark = "" }) => mark.replace("chosen", "*").replace("fastest", "!").replace(", ", ""),
  },
];

/** A table for each kernel and shape, so that the rows of a table can be compared. The shape of a matrix product is in its heading. */
function kernelTables(kernels: readonly KernelRow[]): string[] {
  const shapes = new Map<string, KernelRow[]>();
  for (const row of kernels) {
    const shape = matrixShape(row.problem);
    const sizes = shape ? `, M x N x K ${shape}` : "";
    const head = `${row.kernel}${sizes}, ${row.step} of ${row.model}, ${row.imageSize} pixels, batch ${row.batch}`;
    shapes.set(head, [...(shapes.get(head) ?? []), row]);
  }
  return [...shapes].flatMap(([head, rows]) => [head, markdownRows(VARIANT_COLUMNS, rows)]);
}

/** The output of `--json` with `--device cpu`. */
export interface CpuReport extends Machine {
  readonly device: "cpu";
  readonly models: readonly CpuRow[];
}

export function cpuTables({ date, cpu, cores, models }: CpuReport): string {
  const columns: Column<CpuRow>[] = [
    ...SHAPE_COLUMNS,
    { head: "threads", value: ({ threads }) => String(threads) },
    ...SPREAD_COLUMNS,
    { head: "images/s", value: ({ imagesPerSecond }) => imagesPerSecond },
    { head: "GOP/s", value: ({ gops }) => gops },
    { head: "MB", value: ({ byteLength }) => byteLength / 1e6 },
  ];
  const parts = [
    `WebAssembly SIMD on the CPU; ${cpu}, ${cores} cores; ${date.slice(0, 10)}`,
    markdownRows<CpuRow & { error?: string }>(columns, models),
  ];
  for (const { model, imageSize, kernels } of models)
    if (kernels)
      parts.push(
        `${model}, ${imageSize} pixels, one image, one thread: milliseconds per run by kernel`,
        markdownRows<CpuShare & { error?: string }>(CPU_SHARE_COLUMNS, kernels),
      );
  return `${parts.join("\n\n")}\n`;
}

const CPU_SHARE_COLUMNS: Column<CpuShare>[] = [
  { head: "kernel", value: ({ kernel }) => kernel },
  { head: "variant", value: ({ variant }) => variant },
  { head: "steps", value: ({ steps }) => String(steps) },
  { head: "ms", value: ({ ms }) => ms },
  { head: "GOP/s", value: ({ gops }) => gops || undefined },
];

function shareTable({ model, imageSize, batch, kernels = [] }: ModelRow): string {
  const sum = kernels.reduce((all, { ms }) => all + ms, 0);
  const columns: Column<KernelShare>[] = [
    { head: "kernel", value: ({ kernel }) => kernel },
    { head: "variant", value: ({ variant }) => variant },
    { head: "steps", value: ({ steps }) => String(steps) },
    { head: "ms", value: ({ ms }) => ms },
    { head: "share", value: ({ ms }) => percent(ms / sum) },
  ];
  const head = `${model}, ${imageSize} pixels, batch ${batch}: GPU milliseconds per run by kernel, each step timed separately`;
  return `${head}\n\n${markdownRows<KernelShare & { error?: string }>(columns, kernels)}`;
}

// The columns of kernels and of models, for the terminal and for the page.

import { percent } from "../classifier/percent.ts";
import type { KernelRow } from "./kernels.ts";
import type { ModelRow } from "./models.ts";
import { matrixShape } from "./shape.ts";
import { driftOf, type Spread } from "./statistics.ts";
import type { Column } from "./table.ts";

interface Timed {
  readonly ms?: Spread;
}

export const SPREAD_COLUMNS: readonly Column<Timed>[] = [
  { head: "ms", value: ({ ms }) => ms?.median },
  { head: "p10", value: ({ ms }) => ms?.p10 },
  { head: "p90", value: ({ ms }) => ms?.p90 },
  { head: "n", value: ({ ms }) => ms?.n, show: ({ ms }) => String(ms?.n ?? "") },
];

const driftColumn: Column<Timed> = {
  head: "drift",
  value: ({ ms }) => ms && driftOf(ms.samples),
};

/** Compared columns are first, so that they are visible in a window of 1280 pixels without scrolling. */
export const KERNEL_COLUMNS: readonly Column<KernelRow>[] = [
  { head: "kernel", value: ({ kernel }) => kernel, names: true },
  { head: "variant", value: ({ variant }) => variant, names: true },
  { head: "step", value: ({ step }) => step, names: true },
  ...SPREAD_COLUMNS.slice(0, 1),
  { head: "GOP/s", value: ({ gops }) => gops || undefined },
  { head: "GB/s", value: ({ gbs }) => gbs },
  { head: "% of peak", value: ({ ofPeak }) => ofPeak && 100 * ofPeak, show: ({ ofPeak }) => percent(ofPeak) },
  { head: "% of copy", value: ({ ofCopy }) => ofCopy && 100 * ofCopy, show: ({ ofCopy }) => percent(ofCopy) },
  ...SPREAD_COLUMNS.slice(1),
  {
    head: "max error",
    value: ({ proof }) => proof?.worstError,
    show: ({ proof }) => (proof?.exact ? "exact" : (proof?.worstError.toExponential(1) ?? "")),
  },
  { head: "M x N x K", value: ({ problem }) => matrixShape(problem) },
  { head: "compile ms", value: ({ compileMs }) => compileMs },
  { head: "wall ms", value: ({ wallMs }) => wallMs?.median },
  driftColumn,
];

/** The model of these shapes, for tables with the rows of several models. */
export const SHAPE_COLUMNS: readonly Column<{ model: string; imageSize: number; batch: number }>[] = [
  { head: "model", value: ({ model }) => model, names: true },
  {
    head: "pixels",
    value: ({ imageSize }) => imageSize,
    show: ({ imageSize }) => `${imageSize}`,
    names: true,
  },
  { head: "batch", value: ({ batch }) => batch, show: ({ batch }) => `${batch}`, names: true },
];

export const MODEL_COLUMNS: readonly Column<ModelRow>[] = [
  ...SHAPE_COLUMNS,
  ...SPREAD_COLUMNS,
  driftColumn,
  { head: "images/s", value: ({ imagesPerSecond }) => imagesPerSecond },
  { head: "GOP/s", value: ({ gops }) => gops },
  {
    head: "% of int8 peak",
    value: ({ ofPeak }) => ofPeak && 100 * ofPeak,
    show: ({ ofPeak }) => percent(ofPeak),
  },
  { head: "upload ms", value: ({ uploadMs }) => uploadMs?.median },
  { head: "encode ms", value: ({ encodeMs }) => encodeMs?.median },
  { head: "GPU MB", value: ({ gpuBytes }) => gpuBytes && gpuBytes / 1e6 },
];

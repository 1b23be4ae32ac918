// Every variant at every shape, as its time over that of the fastest there.

import { axisX, axisY, cell, type PlotOptions, pointer, text, tip } from "@observablehq/plot";
import type { KernelRow } from "../../../src/bench/kernels.ts";
import type { PlotPage, PlotRecord } from "../bench-page.ts";
import { wordsOf } from "./families.ts";

/** Of a cell's width. */
const LEAST_PIXELS = 44;
const MOST_PIXELS = 110;
const LABELS_PIXELS = 150;
/** Beyond it slower is just slow. */
const MOST_TIMES = 4;

export const heatPlot: PlotPage<KernelRow> = {
  title: "Time over the fastest at the same shape",
  records(rows) {
    const timed = rows.filter(({ ms }) => ms);
    const best = new Map<string, number>();
    for (const row of timed)
      best.set(shapeOf(row), Math.min(best.get(shapeOf(row)) ?? Number.POSITIVE_INFINITY, row.ms!.median));
    return timed.map((row) => ({
      shape: shapeOf(row),
      variant: `${row.kernel.replace(/^gemm_int8_?(.*?)_?(?:groups|row)_(?:add|store|quantize)$/, "$1") || "readable"} ${row.variant}`,
      times: row.ms!.median / best.get(shapeOf(row))!,
      ms: row.ms!.median,
      "GOP/s": row.gops,
    }));
  },
  draw(records, width): PlotOptions {
    const columns = new Set(records.map(({ shape }) => shape)).size;
    const lines = new Set(records.map(({ variant }) => variant)).size;
    const isBest = ({ times }: PlotRecord) => times === 1;
    return {
      width: LABELS_PIXELS + columns * clamp((width - LABELS_PIXELS) / columns, LEAST_PIXELS, MOST_PIXELS),
      height: 130 + 24 * lines,
      marginLeft: LABELS_PIXELS,
      marginBottom: 100,
      color: { type: "log", domain: [1, MOST_TIMES], range: ["#0b6e63", "#e9d8a6"], clamp: true },
      marks: [
        axisX({ label: null, tickRotate: -45, tickSize: 0 }),
        axisY({ label: null, tickSize: 0 }),
        cell(records, { x: "shape", y: "variant", fill: "times", inset: 1 }),
        text(records, {
          x: "shape",
          y: "variant",
          text: ({ times }) => Number(times).toFixed(times < 9.95 ? 1 : 0),
          fill: ({ times }) => (times > 1.5 ? "#1c2426" : "#ffffff"),
        }),
        cell(records.filter(isBest), { x: "shape", y: "variant", stroke: "currentColor", strokeWidth: 2 }),
        tip(records, pointer({ x: "shape", y: "variant", title: wordsOf })),
      ],
    };
  },
};

function shapeOf({ model, imageSize, batch, step }: KernelRow): string {
  const at = imageSize === 224 ? "" : ` ${imageSize}px`;
  return `${model}${at} ${step.replace("blocks.0.", "")} ×${batch}`;
}

const clamp = (value: number, least: number, most: number) => Math.min(most, Math.max(least, value));

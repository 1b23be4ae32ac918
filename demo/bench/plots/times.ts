// Milliseconds of every kernel and variant, from p10 to p90, shortest to longest.

import { axisX, axisY, dot, link, type PlotOptions, pointer, text, tip } from "@observablehq/plot";
import type { KernelRow } from "../../../src/bench/kernels.ts";
import type { PlotPage, PlotRecord } from "../bench-page.ts";
import { COLOURS, familyOf, wordsOf } from "./families.ts";

const LABELS_PIXELS = 335;
/** Below it there is no space for names beside the dots. */
const NARROW_PIXELS = 560;

export const timesPlot: PlotPage<KernelRow> = {
  title: "Milliseconds of one dispatch",
  records(rows) {
    return rows.flatMap(({ kernel, variant, step, ms }) =>
      ms
        ? [{ kernel, variant, step, family: familyOf(kernel), ms: ms.median, p10: ms.p10, p90: ms.p90 }]
        : [],
    );
  },
  draw(records, width): PlotOptions {
    const wide = width > NARROW_PIXELS;
    const sorted = [...records].sort((a, b) => Number(a.ms) - Number(b.ms));
    // The names of a model's steps are of its first block; with that they would not fit.
    const y = ({ kernel, variant, step }: PlotRecord) =>
      `${kernel} ${variant} ${String(step).replace("blocks.0.", "")}`;
    const stroke = (record: PlotRecord) => String(record.family);
    const names = wide
      ? axisY({ label: null, tickSize: 0 })
      : text(sorted, { y, text: y, frameAnchor: "left", textAnchor: "start", dy: -10 });
    return {
      width,
      height: 70 + (wide ? 15 : 32) * sorted.length,
      marginLeft: wide ? LABELS_PIXELS : 10,
      marginRight: 30,
      marginBottom: 44,
      color: COLOURS,
      x: { type: "log", grid: true },
      y: { domain: sorted.map(y), axis: null },
      marks: [
        axisX({
          label: "ms of one dispatch, log scale",
          labelOffset: 40,
          ticks: width / 120,
          tickFormat: String,
        }),
        names,
        link(sorted, { x1: "p10", x2: "p90", y1: y, y2: y, stroke, strokeWidth: 2 }),
        dot(sorted, { x: "ms", y, fill: stroke, r: 4 }),
        tip(sorted, pointer({ x: "ms", y, title: wordsOf })),
      ],
    };
  },
};

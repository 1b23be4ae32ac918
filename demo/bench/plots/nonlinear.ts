// The error of each form of an operation over its input, and what a model takes with each.

import { axisX, axisY, line, type PlotOptions, pointer, tip } from "@observablehq/plot";
import type { PlotPage, PlotRecord } from "../bench-page.ts";
import type { NonlinearRow } from "../pages/nonlinear.ts";
import { wordsOf } from "./families.ts";
import { bars, PASSES } from "./models.ts";

const FORMS = {
  domain: ["f32, this GPU", "fast", "ibert", "ivit", "ibert, ivit"],
  range: ["#4477aa", "#ccbb44", "#ee6677", "#228833", "#aa3377"],
};
/** An error of nothing has no place on a log scale: it is drawn at the foot. */
const LEAST_ERROR = 1e-9;

export function curvePlot(operation: string): PlotPage<NonlinearRow> {
  return {
    title: `${operation}: error against f64`,
    records(rows) {
      return rows
        .filter((row) => row.operation === operation)
        .flatMap(({ form, points = [] }) => points.map(({ x, error }) => ({ form, x, "off by": error })));
    },
    draw(records, width, { rows }): PlotOptions {
      const { over = "x" } =
        (rows as readonly NonlinearRow[]).find((row) => row.operation === operation) ?? {};
      const y = (record: PlotRecord) => Math.max(LEAST_ERROR, Number(record["off by"]));
      const stroke = ({ form }: PlotRecord) => String(form);
      return {
        width,
        height: 320,
        marginLeft: 60,
        marginBottom: 44,
        color: FORMS,
        x: { type: operation === "LayerNorm" ? "log" : "linear", grid: true },
        y: { type: "log", grid: true },
        marks: [
          axisX({ label: over, labelOffset: 40, ticks: width / 100, tickFormat: String }),
          axisY({ label: "|error|", ticks: 6, tickFormat: (value: number) => value.toExponential(0) }),
          line(records, { x: "x", y, stroke, z: stroke, strokeWidth: 1.5 }),
          tip(records, pointer({ x: "x", y, title: wordsOf })),
        ],
      };
    },
  };
}

export const nonlinearTimePlot: PlotPage<NonlinearRow> = {
  title: "GPU time by pass in each form, each pass timed separately",
  records(rows) {
    return rows.flatMap(({ operation, form, passes = [] }) =>
      passes.map(({ name, ms }) => ({ row: `${operation}, ${form}`, pass: name, ms })),
    );
  },
  draw(records, width) {
    return bars(records, width, { y: "row", part: "pass", label: "GPU ms", color: PASSES });
  },
};

// Accuracy against the bytes of the model in SVG: a line for each quantizer, float32 as the level above.

import type { CompareRow } from "./compare-report.ts";
import { FLOAT32 } from "./compare-variants.ts";
import { svgPlot } from "./svg-plot.ts";

/** Top-1 in percent over megabytes, for the rows with exact non-linear operations; undefined without any. */
export function comparePlot(rows: readonly CompareRow[]): string | undefined {
  const points = rows.flatMap(({ method, bits, nonlinear, modelBytes = 0, top1 }) =>
    nonlinear === "exact" && top1 !== undefined
      ? [{ method, x: modelBytes / 1e6, y: top1 * 100, title: `${method} ${bits}` }]
      : [],
  );
  const quantised = points.filter(({ method }) => method !== FLOAT32.method).sort((a, b) => a.x - b.x);
  const float = points.find(({ method }) => method === FLOAT32.method);
  const methods = [...new Set(points.map(({ method }) => method))];
  return svgPlot({
    title: "top-1 accuracy over the size of the model",
    x: "megabytes of the weights",
    y: "top-1, %",
    scale: "linear",
    series: methods.map((name) => ({
      name,
      points: quantised.filter(({ method }) => method === name),
      line: true,
    })),
    level: float && { name: "float32", y: float.y },
  });
}

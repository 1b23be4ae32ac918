// Operations a second over operations a byte, under what this adapter was measured to do at best.

import { axisX, axisY, dot, line, type PlotOptions, pointer, text, tip } from "@observablehq/plot";
import type { KernelRow } from "../../../src/bench/kernels.ts";
import type { PlotPage, PlotRecord, Run } from "../bench-page.ts";
import { COLOURS, familyOf, wordsOf } from "./families.ts";

export const rooflinePlot: PlotPage<KernelRow> = {
  title: "Roofline: operations per second over operations per byte",
  records(rows) {
    return rows.flatMap(({ kernel, variant, step, model, imageSize, batch, gops, gbs }) => {
      if (!gops || !gbs) return [];
      const family = familyOf(kernel);
      return [
        { family, kernel, variant, step, model, imageSize, batch, "ops/byte": gops / gbs, "GOP/s": gops },
      ];
    });
  },
  draw(records, width, { peaks }): PlotOptions {
    const ceilings = ceilingsOf(records, peaks);
    const path = ({ kernel, variant, step, model }: PlotRecord) => `${kernel} ${variant} ${step} ${model}`;
    const fill = ({ family }: PlotRecord) => String(family);
    return {
      width,
      height: Math.min(520, Math.max(320, width * 0.6)),
      marginLeft: 56,
      marginRight: 20,
      marginBottom: 44,
      color: COLOURS,
      x: { type: "log", grid: true },
      y: { type: "log", grid: true },
      marks: [
        axisX({ label: "operations per byte", labelOffset: 40, ticks: width / 100, tickFormat: String }),
        axisY({ label: "10⁹ operations a second", ticks: 5, tickFormat: String }),
        line(ceilings, { x: "x", y: "y", z: "name", stroke: "currentColor", strokeDasharray: "4 3" }),
        text(
          ceilings.filter(({ last }) => last),
          {
            x: "x",
            y: "y",
            text: "name",
            textAnchor: "end",
            dy: -8,
          },
        ),
        line(records, { x: "ops/byte", y: "GOP/s", z: path, stroke: fill, strokeOpacity: 0.5 }),
        dot(records, { x: "ops/byte", y: "GOP/s", fill, r: ({ batch }) => 3 + Math.log2(Number(batch)) }),
        tip(records, pointer({ x: "ops/byte", y: "GOP/s", title: wordsOf })),
      ],
    };
  },
};

interface CeilingPoint {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly last: boolean;
}

/** The copy ceiling up to a flat one for each arithmetic, as wide as the points and some of the slope. */
function ceilingsOf(records: readonly PlotRecord[], peaks: Run["peaks"]): CeilingPoint[] {
  if (!peaks) return [];
  const { dotGops, floatGops, copyGBs } = peaks;
  const named: [string, number | undefined][] = [
    ["int8 dot ceiling", dotGops],
    ["f32 ceiling", floatGops],
  ];
  const intensities = records.map((record) => Number(record["ops/byte"]));
  return named.flatMap(([name, gops]) => {
    if (!gops) return [];
    const ridge = gops / copyGBs;
    const [low, high] = [Math.min(...intensities, ridge / 4), Math.max(...intensities, 2 * ridge)];
    return [low, ridge, high].map((x, i) => ({ name, x, y: Math.min(gops, x * copyGBs), last: i === 2 }));
  });
}

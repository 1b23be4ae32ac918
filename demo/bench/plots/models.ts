// Whole models: images per second by batch size, GPU time by pass, and the time to the first prediction.

import {
  axisX,
  axisY,
  barX,
  dot,
  line,
  type PlotOptions,
  pointer,
  ruleX,
  text,
  tip,
} from "@observablehq/plot";
import type { PlotPage, PlotRecord } from "../bench-page.ts";
import type { ModelPageRow } from "../pages/model.ts";
import { wordsOf } from "./families.ts";

const RANGE = [
  "#4477aa",
  "#ee6677",
  "#228833",
  "#ccbb44",
  "#66ccee",
  "#aa3377",
  "#999999",
  "#bb7744",
  "#5566bb",
];
const MODELS = { domain: ["everyday80", "ti", "s", "b", "l"], range: ["#aa3377", ...RANGE] };
export const PASSES = {
  domain: [
    ...["preprocess", "patch", "norm1", "qkv", "attention", "proj", "norm2", "fc1", "fc2", "norm", "head"],
    ...["patch+norm1", "proj+norm2", "fc2+norm1"],
  ],
  range: [...RANGE, "#88aa88", "#cc99cc", "#775511", "#222255", "#882255"],
};
const STAGES = { domain: ["download", "load", "first result"], range: RANGE };

export const throughputPlot: PlotPage<ModelPageRow> = {
  title: "Images per second by batch size",
  records(rows) {
    return rows.flatMap(({ model, imageSize, batch, imagesPerSecond, ms }) =>
      imagesPerSecond && ms
        ? [{ model, imageSize, batch, "pictures/s": imagesPerSecond, ms: ms.median }]
        : [],
    );
  },
  draw(records, width): PlotOptions {
    const channels = { x: "batch", y: "pictures/s" } as const;
    const fill = ({ model }: PlotRecord) => String(model);
    return {
      width,
      height: 320,
      marginLeft: 56,
      marginBottom: 40,
      color: MODELS,
      x: { type: "log", base: 2, grid: true },
      y: { zero: true, grid: true },
      marks: [
        axisX({ label: "images per submit", labelOffset: 36, tickFormat: String, ticks: 6 }),
        axisY({ label: "images per second", tickFormat: String, ticks: 5 }),
        line(records, { ...channels, z: ({ model, imageSize }) => `${model} ${imageSize}`, stroke: fill }),
        dot(records, { ...channels, fill, r: 4 }),
        tip(records, pointer({ ...channels, title: wordsOf })),
      ],
    };
  },
};

export const passesPlot: PlotPage<ModelPageRow> = {
  title: "GPU time of one image by pass, each pass timed separately",
  records(rows) {
    return rows.flatMap(({ model, imageSize, batch, passes = [] }) =>
      passes.map(({ name, ms }) => ({ row: `${model} ${imageSize} ×${batch}`, pass: name, ms: ms / batch })),
    );
  },
  draw(records, width) {
    return bars(records, width, { y: "row", part: "pass", label: "GPU ms per image", color: PASSES });
  },
};

export const coldPlot: PlotPage<ModelPageRow> = {
  title: "From a cold start to the first result",
  records(rows) {
    return rows.flatMap(({ model, imageSize, downloadMs, loadMs, firstMs }) => {
      const stages = { download: downloadMs, load: loadMs, "first result": firstMs };
      return Object.entries(stages).flatMap(([stage, ms]) =>
        ms === undefined ? [] : [{ row: `${model} ${imageSize}`, stage, ms }],
      );
    });
  },
  draw(records, width) {
    return bars(records, width, { y: "row", part: "stage", label: "ms, once", color: STAGES });
  },
};

interface Bars {
  readonly y: string;
  readonly part: string;
  readonly label: string;
  readonly color: { readonly domain: readonly string[]; readonly range: readonly string[] };
}

export function bars(
  records: readonly PlotRecord[],
  width: number,
  { y, part, label, color }: Bars,
): PlotOptions {
  const names = [...new Set(records.map((record) => String(record[y])))];
  const fill = (record: PlotRecord) => String(record[part]);
  const order = [...color.domain];
  return {
    width,
    height: 70 + 50 * names.length,
    marginBottom: 44,
    marginLeft: 10,
    marginRight: 20,
    color,
    x: { grid: true },
    y: { domain: names, axis: null, padding: 0.45 },
    marks: [
      axisX({ label, labelOffset: 40, ticks: width / 100, tickFormat: String }),
      barX(records, { x: "ms", y, fill, order, title: wordsOf }),
      text(names, {
        y: (name) => name,
        text: (name) => name,
        frameAnchor: "left",
        textAnchor: "start",
        dy: -20,
      }),
      ruleX([0]),
    ],
  };
}

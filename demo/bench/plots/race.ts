// How much longer the others take, neighbor by neighbor.

import { axisX, dot, link, type PlotOptions, pointer, ruleX, text, tip } from "@observablehq/plot";
import type { PlotPage, PlotRecord } from "../bench-page.ts";
import type { RaceRow } from "../pages/race.ts";
import { wordsOf } from "./families.ts";

export const racePlot: PlotPage<RaceRow> = {
  title: "Time over vit8’s",
  records(rows) {
    return rows.flatMap(({ name, model, batch, ms, ratio, cosine }) =>
      ms && ratio
        ? [
            {
              runner: `${name}, ${model} ×${batch}`,
              times: ratio.median,
              p10: ratio.p10,
              p90: ratio.p90,
              ms: ms.median,
              cosine,
            },
          ]
        : [],
    );
  },
  draw(records, width): PlotOptions {
    const y = "runner";
    return {
      width,
      height: 80 + 40 * records.length,
      marginLeft: 10,
      marginRight: 20,
      marginBottom: 44,
      x: { type: "log", grid: true },
      y: { axis: null, domain: records.map((record: PlotRecord) => record.runner) },
      marks: [
        axisX({ label: "times vit8’s, log scale", labelOffset: 40, ticks: width / 120, tickFormat: String }),
        ruleX([1], { strokeDasharray: "4 3" }),
        text(records, { y, text: y, frameAnchor: "left", textAnchor: "start", dy: -12 }),
        link(records, { x1: "p10", x2: "p90", y1: y, y2: y, stroke: "#4477aa", strokeWidth: 2 }),
        dot(records, { x: "times", y, fill: "#4477aa", r: 5 }),
        tip(records, pointer({ x: "times", y, title: wordsOf })),
      ],
    };
  },
};

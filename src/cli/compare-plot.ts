// Accuracy against the bytes of the model in SVG: a line for each quantiser, float32 as the level above.

import type { CompareRow } from "./compare-report.ts";
import { FLOAT32 } from "./compare-variants.ts";

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [640, 400, 56, 150, 16, 48];
/** Paul Tol's bright scheme and more: told apart without seeing red and green. */
const COLOURS = [
  "#4477aa",
  "#ee6677",
  "#228833",
  "#ccbb44",
  "#66ccee",
  "#aa3377",
  "#bbbbbb",
  "#994455",
  "#555555",
];
const STYLE =
  "text{font:12px sans-serif;fill:#222}.grid{stroke:#8884}.float{stroke:#888;stroke-dasharray:4}@media(prefers-color-scheme:dark){text{fill:#ddd}}";

interface Axis {
  readonly ticks: readonly number[];
  readonly place: (value: number) => number;
}

/** Top-1 in per cent over megabytes, of the rows with exact non-linear operations; undefined where there are none. */
export function comparePlot(rows: readonly CompareRow[]): string | undefined {
  const points = rows.flatMap(({ method, bits, nonlinear, modelBytes = 0, top1 }) =>
    nonlinear === "exact" && top1 !== undefined
      ? [{ method, bits, megabytes: modelBytes / 1e6, percent: top1 * 100 }]
      : [],
  );
  const quantised = points.filter(({ method }) => method !== FLOAT32.method);
  if (quantised.length === 0) return undefined;
  const across = axis(
    quantised.map(({ megabytes }) => megabytes),
    LEFT,
    WIDTH - RIGHT,
  );
  const up = axis(
    points.map(({ percent }) => percent),
    HEIGHT - BOTTOM,
    TOP,
  );
  const methods = [...new Set(quantised.map(({ method }) => method))];
  const float = points.find(({ method }) => method === FLOAT32.method);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="top-1 accuracy over the size of the model">`,
    `<style>${STYLE}</style>`,
    ...across.ticks.map((tick) => line(across.place(tick), TOP, across.place(tick), HEIGHT - BOTTOM)),
    ...across.ticks.map((tick) => text(across.place(tick), HEIGHT - BOTTOM + 16, String(tick), "middle")),
    ...up.ticks.map((tick) => line(LEFT, up.place(tick), WIDTH - RIGHT, up.place(tick))),
    ...up.ticks.map((tick) => text(LEFT - 6, up.place(tick) + 4, String(tick), "end")),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, "megabytes of the weights", "middle"),
    `<text transform="translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">top-1, %</text>`,
    ...(float ? floatLine(up.place(float.percent)) : []),
    ...methods.map((method, i) => {
      const own = quantised
        .filter((point) => point.method === method)
        .sort((a, b) => a.megabytes - b.megabytes);
      const places = own.map(
        (point) => [across.place(point.megabytes), up.place(point.percent), point.bits] as const,
      );
      return series(method, i, places);
    }),
    "</svg>",
  ];
  return `${parts.join("\n")}\n`;
}

/** Round steps, from below the least to above the greatest. */
function axis(values: readonly number[], from: number, to: number): Axis {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const rough = Math.max(most - least, most / 10) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((candidate) => candidate >= rough)!;
  const first = Math.floor(least / step);
  const last = Math.max(first + 1, Math.ceil(most / step));
  return {
    ticks: Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(6))),
    place: (value) => from + ((value / step - first) / (last - first)) * (to - from),
  };
}

function series(
  name: string,
  index: number,
  places: readonly (readonly [x: number, y: number, bits: string])[],
): string {
  const colour = COLOURS[index % COLOURS.length];
  const path = places.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  const legend = TOP + 12 + index * 18;
  return [
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.5"/>`,
    ...places.map(
      ([x, y, bits]) =>
        `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="4" fill="${colour}"><title>${name} ${bits}</title></circle>`,
    ),
    `<circle cx="${WIDTH - RIGHT + 20}" cy="${legend - 4}" r="4" fill="${colour}"/>`,
    text(WIDTH - RIGHT + 30, legend, name, "start"),
  ].join("");
}

function floatLine(y: number): string[] {
  const dashed = `<line class="float" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/>`;
  return [dashed, text(WIDTH - RIGHT - 4, y - 5, "float32", "end")];
}

const line = (x1: number, y1: number, x2: number, y2: number) =>
  `<line class="grid" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
const text = (x: number, y: number, words: string, anchor: string) =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${words}</text>`;

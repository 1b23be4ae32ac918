// Series of points in SVG text: readable in light and in dark, no script, no font of its own.

import { visible } from "../errors/visible.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
  /** The tooltip. */
  readonly title?: string;
}

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
  /** Whether a line connects the points. */
  readonly line: boolean;
}

export interface Plot {
  readonly title: string;
  /** Label of the x axis. */
  readonly x: string;
  readonly y: string;
  readonly scale: "linear" | "logarithmic";
  readonly series: readonly Series[];
  /** A dashed line across at one y. */
  readonly level?: { readonly name: string; readonly y: number };
}

interface Axis {
  readonly ticks: readonly number[];
  readonly place: (value: number) => number;
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [640, 400, 64, 150, 16, 48];
/** Paul Tol's bright scheme and two more: distinguished without seeing red and green. */
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
  "text{font:12px sans-serif;fill:#222}.grid{stroke:#8884}.level{stroke:#888;stroke-dasharray:4}@media(prefers-color-scheme:dark){text{fill:#ddd}}";

/** Undefined without points. */
export function svgPlot({ title, x, y, scale, series, level }: Plot): string | undefined {
  const shown = series.filter(({ points }) => points.length > 0);
  if (shown.length === 0) return undefined;
  const all = shown.flatMap(({ points }) => points);
  const axis = { linear, logarithmic }[scale];
  const across = axis(
    all.map((point) => point.x),
    LEFT,
    WIDTH - RIGHT,
  );
  const up = axis([...all.map((point) => point.y), ...(level ? [level.y] : [])], HEIGHT - BOTTOM, TOP);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${xml(title)}">`,
    `<style>${STYLE}</style>`,
    ...across.ticks.map((tick) => vertical(across.place(tick), tick)),
    ...up.ticks.map((tick) => horizontal(up.place(tick), tick)),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x, "middle"),
    `<text transform="translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${xml(y)}</text>`,
    ...(level ? dashed(level.name, up.place(level.y)) : []),
    ...shown.map((one, i) => drawn(one, i, across, up)),
    "</svg>",
  ];
  return `${parts.join("\n")}\n`;
}

/** Round steps, from below the least to above the greatest. */
function linear(values: readonly number[], from: number, to: number): Axis {
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

/** Powers of two where all fits into a few, otherwise of ten. */
function logarithmic(values: readonly number[], from: number, to: number): Axis {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const base = most / least > 300 ? 10 : 2;
  const log = (value: number) => Math.log(value) / Math.log(base);
  const first = Math.floor(log(least) + 1e-9);
  const last = Math.max(first + 1, Math.ceil(log(most) - 1e-9));
  return {
    ticks: Array.from({ length: last - first + 1 }, (_, i) => base ** (first + i)),
    place: (value) => from + ((log(value) - first) / (last - first)) * (to - from),
  };
}

function drawn({ name, points, line }: Series, index: number, across: Axis, up: Axis): string {
  const colour = COLOURS[index % COLOURS.length];
  const places = points.map(({ x, y, title }) => ({
    at: [across.place(x).toFixed(1), up.place(y).toFixed(1)],
    title: title ? `<title>${xml(title)}</title>` : "",
  }));
  const path = places.map(({ at }) => at.join(",")).join(" ");
  const legend = TOP + 12 + index * 18;
  const left = WIDTH - RIGHT + 16;
  return [
    line ? `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.5"/>` : "",
    ...places.map(
      ({ at: [x, y], title }) => `<circle cx="${x}" cy="${y}" r="4" fill="${colour}">${title}</circle>`,
    ),
    `<circle cx="${left}" cy="${legend - 4}" r="4" fill="${colour}"/>`,
    text(left + 10, legend, name, "start"),
  ].join("");
}

function dashed(name: string, y: number): string[] {
  const line = `<line class="level" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/>`;
  return [line, text(WIDTH - RIGHT - 4, y - 5, name, "end")];
}

function vertical(x: number, tick: number): string {
  const line = `<line class="grid" x1="${x}" x2="${x}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>`;
  return line + text(x, HEIGHT - BOTTOM + 16, label(tick), "middle");
}

function horizontal(y: number, tick: number): string {
  const line = `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/>`;
  return line + text(LEFT - 6, y + 4, label(tick), "end");
}

const text = (x: number, y: number, words: string, anchor: string) =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${xml(words)}</text>`;

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text as XML has it, which takes no control signs either. */
export const xml = (words: string) => visible(words).replace(/[&<>"]/g, (sign) => ENTITIES[sign]);

const label = (value: number) =>
  value >= 1 ? value.toLocaleString("en") : String(Number(value.toPrecision(2)));

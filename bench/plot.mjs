/** A log-log plot as SVG text: readable in light and in dark, no script, no font of its own. */

/**
 * @typedef {object} Series
 * @property {string} name
 * @property {number[][]} points x and y, both above 0
 * @property {boolean} line
 */

const WIDTH = 640;
const HEIGHT = 400;
const LEFT = 64;
const RIGHT = 150;
const TOP = 16;
const BOTTOM = 48;
/** Paul Tol's bright scheme and two more: told apart without seeing red and green. */
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
  "text{font:12px sans-serif;fill:#222}.grid{stroke:#8884}@media(prefers-color-scheme:dark){text{fill:#ddd}}";

/** @param {{ x: string, y: string, series: Series[] }} what */
export function plot({ x, y, series }) {
  const shown = series.filter(({ points }) => points.length > 0);
  const all = shown.flatMap(({ points }) => points);
  const across = scaleOf(
    all.map(([value]) => value),
    LEFT,
    WIDTH - RIGHT,
  );
  const up = scaleOf(
    all.map(([, value]) => value),
    HEIGHT - BOTTOM,
    TOP,
  );
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${y} over ${x}">`,
    `<style>${STYLE}</style>`,
    ...across.ticks.map((tick) => vertical(across.place(tick), tick)),
    ...up.ticks.map((tick) => horizontal(up.place(tick), tick)),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x, "middle"),
    `<text transform="translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${y}</text>`,
    ...shown.map((one, i) => drawn(one, i, across.place, up.place)),
    "</svg>",
  ];
  return `${parts.join("\n")}\n`;
}

/** Powers of two where all fits into a few, otherwise of ten. @param {number[]} values @param {number} from @param {number} to */
function scaleOf(values, from, to) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const base = most / least > 300 ? 10 : 2;
  const log = (/** @type {number} */ value) => Math.log(value) / Math.log(base);
  const first = Math.floor(log(least) + 1e-9);
  const last = Math.max(first + 1, Math.ceil(log(most) - 1e-9));
  return {
    ticks: Array.from({ length: last - first + 1 }, (_, i) => base ** (first + i)),
    place: (/** @type {number} */ value) => from + ((log(value) - first) / (last - first)) * (to - from),
  };
}

/** @param {Series} series @param {number} index @param {(x: number) => number} across @param {(y: number) => number} up */
function drawn({ name, points, line }, index, across, up) {
  const colour = COLOURS[index % COLOURS.length];
  const places = points.map(([x, y]) => [across(x).toFixed(1), up(y).toFixed(1)]);
  const legend = TOP + 12 + index * 18;
  const left = WIDTH - RIGHT + 16;
  return [
    line ? `<polyline points="${places.join(" ")}" fill="none" stroke="${colour}" stroke-width="2"/>` : "",
    ...places.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="${line ? 3 : 4}" fill="${colour}"/>`),
    `<circle cx="${left}" cy="${legend - 4}" r="4" fill="${colour}"/>`,
    text(left + 10, legend, name, "start"),
  ].join("");
}

/** @param {number} x @param {number} tick */
function vertical(x, tick) {
  const line = `<line class="grid" x1="${x}" x2="${x}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>`;
  return line + text(x, HEIGHT - BOTTOM + 16, label(tick), "middle");
}

/** @param {number} y @param {number} tick */
function horizontal(y, tick) {
  const line = `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/>`;
  return line + text(LEFT - 6, y + 4, label(tick), "end");
}

/** @param {number} x @param {number} y @param {string} words @param {string} anchor */
function text(x, y, words, anchor) {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${words}</text>`;
}

/** @param {number} value */
function label(value) {
  return value >= 1 ? value.toLocaleString("en") : String(Number(value.toPrecision(2)));
}

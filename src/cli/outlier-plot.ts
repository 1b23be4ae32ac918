// The channels of what LayerNorms read as a heat map in SVG: a row for each norm, a column for each channel.

import type { ChannelPeaks } from "./activation-errors.ts";
import { medianOf } from "./error-tables.ts";
import { xml } from "./svg-plot.ts";

const [WIDTH, LEFT, TOP, ROW] = [800, 96, 24, 12];
/** Doublings of the median channel, from 1x on. */
const LEVELS = 6;
const STYLE =
  "text{font:10px sans-serif;fill:#222}path{fill:#aa3377}@media(prefers-color-scheme:dark){text{fill:#ddd}path{fill:#ee99bb}}";

export function outlierPlot(norms: readonly ChannelPeaks[]): string {
  const height = TOP + norms.length * ROW + 24;
  const channels = norms[0].peaks.length;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Magnitudes of channels before each LayerNorm">`,
    `<style>${STYLE}</style>`,
    text(LEFT, 12, `largest magnitude of each of ${channels} channels over the median channel's:`),
    ...Array.from({ length: LEVELS }, (_, level) => legend(level + 1)),
    ...norms.map(({ name }, row) => text(4, TOP + row * ROW + 9, name)),
    ...Array.from({ length: LEVELS }, (_, level) => cellsOf(norms, level + 1)),
    "</svg>",
  ];
  return `${parts.join("\n")}\n`;
}

/** All cells of a level in one path: a plot of a few kilobytes, not of an element for each channel. */
function cellsOf(norms: readonly ChannelPeaks[], level: number): string {
  const width = (WIDTH - LEFT - 4) / norms[0].peaks.length;
  const cells = norms.flatMap(({ peaks }, row) => {
    const median = medianOf(peaks);
    return peaks.flatMap((peak, channel) =>
      levelOf(peak / median) === level
        ? [
            `M${(LEFT + channel * width).toFixed(1)} ${TOP + row * ROW}h${width.toFixed(2)}v${ROW - 1}h-${width.toFixed(2)}z`,
          ]
        : [],
    );
  });
  return `<path opacity="${opacityOf(level)}" d="${cells.join("")}"/>`;
}

/** 0 for values up to the median. */
function levelOf(times: number): number {
  return Math.min(LEVELS, Math.max(0, Math.floor(Math.log2(times) + 1)));
}

function legend(level: number): string {
  const x = LEFT + 372 + (level - 1) * 44;
  const square = `<path opacity="${opacityOf(level)}" d="M${x} 4h10v10h-10z"/>`;
  return square + text(x + 13, 12, `${2 ** (level - 1)}x`);
}

const opacityOf = (level: number) => (level / LEVELS).toFixed(2);
const text = (x: number, y: number, words: string) => `<text x="${x}" y="${y}">${xml(words)}</text>`;

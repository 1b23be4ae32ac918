/** Fits a table of position embeddings to another grid of patches, as transformers does for DINOv2, and timm for all. */
import type { Size } from "./fields.ts";

/** How a table is fitted. */
interface Positions {
  prefixTokens: number;
  width: number;
  antialiasPositions?: boolean;
}

/**
 * Bicubic interpolation in f64 of positions [prefix + from.height * from.width + others, width] to the grid `to`; the rows before and after
 * the grid are unchanged. Samples are at (i + 0.5) * from / to - 0.5: torch's `interpolate(mode="bicubic", align_corners=False)`, with
 * `antialias=True` if the architecture uses it.
 */
export function interpolatePositions(
  positions: Float32Array,
  from: Size,
  to: Size,
  { prefixTokens, width, antialiasPositions }: Positions,
): Float32Array {
  const others = positions.subarray((prefixTokens + from.width * from.height) * width);
  const out = new Float32Array((prefixTokens + to.width * to.height) * width + others.length);
  out.set(positions.subarray(0, prefixTokens * width));
  out.set(others, out.length - others.length);
  const taps = antialiasPositions ? antialiasedTaps : plainTaps;
  const columns = taps(from.width, to.width);
  const token = new Float64Array(width);
  taps(from.height, to.height).forEach((row, y) => {
    columns.forEach((column, x) => {
      token.fill(0);
      for (const { index: v, weight: down } of row) {
        for (const { index: u, weight: across } of column) {
          const at = (prefixTokens + v * from.width + u) * width;
          for (let c = 0; c < width; c++) token[c] += down * across * positions[at + c];
        }
      }
      out.set(token, (prefixTokens + y * to.width + x) * width);
    });
  });
  return out;
}

interface Tap {
  readonly index: number;
  readonly weight: number;
}

/** For each of `to` positions, its weights among `from` positions: Keys' cubic with a = -0.75, edges repeated. */
function plainTaps(from: number, to: number): Tap[][] {
  return Array.from({ length: to }, (_, place) => {
    const at = ((place + 0.5) * from) / to - 0.5;
    const first = Math.floor(at) - 1;
    return [0, 1, 2, 3].map((tap) => ({
      index: Math.min(Math.max(first + tap, 0), from - 1),
      weight: cubic(Math.abs(at - first - tap), -0.75),
    }));
  });
}

/** The same with a = -0.5, stretched where the grid shrinks; nothing is behind the edges. */
function antialiasedTaps(from: number, to: number): Tap[][] {
  const stretch = Math.max(1, from / to);
  return Array.from({ length: to }, (_, place) => {
    const at = ((place + 0.5) * from) / to - 0.5;
    const weights = Array.from({ length: from }, (_, index) => cubic(Math.abs(at - index) / stretch, -0.5));
    const sum = weights.reduce((total, weight) => total + weight);
    return weights.map((weight, index) => ({ index, weight: weight / sum })).filter(({ weight }) => weight);
  });
}

function cubic(distance: number, a: number): number {
  if (distance <= 1) return ((a + 2) * distance - (a + 3)) * distance ** 2 + 1;
  return distance < 2 ? ((distance - 5) * distance + 8) * distance * a - 4 * a : 0;
}

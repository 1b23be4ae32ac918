/** Fits a table of position embeddings to another grid of patches, as transformers does for DINOv2. */
import type { Size } from "./fields.ts";

/**
 * Bicubic interpolation in f64 of positions [prefix + from.height * from.width, width] to the grid `to`; the prefix
 * tokens stay. The cubic is Keys' with a = -0.75, sampled at (i + 0.5) * from / to - 0.5 with edges repeated and no
 * antialiasing: torch's `interpolate(mode="bicubic", align_corners=False)`.
 */
export function interpolatePositions(
  positions: Float32Array,
  from: Size,
  to: Size,
  prefixTokens: number,
  width: number,
): Float32Array {
  const out = new Float32Array((prefixTokens + to.width * to.height) * width);
  out.set(positions.subarray(0, prefixTokens * width));
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

/** For each of `to` places, the four of `from` that it is made of. */
function taps(from: number, to: number): { index: number; weight: number }[][] {
  return Array.from({ length: to }, (_, place) => {
    const at = ((place + 0.5) * from) / to - 0.5;
    const first = Math.floor(at) - 1;
    return [0, 1, 2, 3].map((tap) => ({
      index: Math.min(Math.max(first + tap, 0), from - 1),
      weight: cubic(Math.abs(at - first - tap)),
    }));
  });
}

function cubic(distance: number): number {
  const a = -0.75;
  if (distance <= 1) return ((a + 2) * distance - (a + 3)) * distance ** 2 + 1;
  return distance < 2 ? ((distance - 5) * distance + 8) * distance * a - 4 * a : 0;
}

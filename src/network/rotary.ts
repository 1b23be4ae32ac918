// Rotary positions of patches: a coordinate down and one across, each times some frequencies, are the angles of a row.

import type { Grid, Rotation } from "./op.ts";

export interface RotaryOptions {
  readonly grid: Grid;
  readonly headDim: number;
  /** Rows before the patches', which are not rotated. */
  readonly before: number;
  readonly pairs: Rotation["pairs"];
  /** [head dim / 4] */
  readonly frequencies: readonly number[];
  /** The position of patch `place` of `count` along a side of the grid. */
  readonly at: (place: number, count: number, axis: "width" | "height") => number;
}

/** Each pair of channels has one angle: those of the coordinate down first, then those of the one across. */
export function rotary({ grid, headDim, before, pairs, frequencies, at }: RotaryOptions): Rotation {
  const tables = () => {
    const rows = before + grid.width * grid.height;
    const cosine = new Float32Array(rows * headDim).fill(1);
    const sine = new Float32Array(rows * headDim);
    for (let row = before; row < rows; row++) {
      const [x, y] = [(row - before) % grid.width, Math.floor((row - before) / grid.width)];
      const places = [at(y, grid.height, "height"), at(x, grid.width, "width")];
      const angles = places.flatMap((place) => frequencies.map((frequency) => place * frequency));
      for (let d = 0; d < headDim; d++) {
        const angle = angles[pairs === "halves" ? d % angles.length : d >> 1];
        cosine[row * headDim + d] = Math.cos(angle);
        sine[row * headDim + d] = Math.sin(angle);
      }
    }
    return { cosine, sine };
  };
  return { tables, pairs };
}

/** The positions of DINOv3 (Simeoni et al. 2025): coordinates from -1 to 1, at the centers of the patches. */
export function dinov3Rotary(
  options: Pick<RotaryOptions, "grid" | "headDim" | "before" | "pairs">,
  theta: number,
): Rotation {
  const quarter = options.headDim / 4;
  const frequencies = Array.from({ length: quarter }, (_, i) => (2 * Math.PI) / theta ** (i / quarter));
  return rotary({ ...options, frequencies, at: (place, count) => (2 * (place + 0.5)) / count - 1 });
}

// Divides an image of any size for a small texture and a small buffer: into bands of patch rows, and each band into strips of image rows.

import type { ResizePlan } from "./resize.ts";
import { inputRange } from "./resize.ts";

/** Columns of the image in one texture row: WebGPU's default maxTextureDimension2D, 1 << PANEL_SHIFT in the shader. */
export const PANEL_WIDTH = 8192;

/** Budgets: a 720p frame cropped to a square is one strip; both together are at most 3 MiB, except for single rows that are larger. */
const STRIP_TEXELS = 512 * 1024;
const BAND_PIXELS = 256 * 1024;

/** Patch rows [firstPatchRow, endPatchRow), made from the image's rows [firstRow, endRow). */
export interface Band {
  readonly firstPatchRow: number;
  readonly endPatchRow: number;
  readonly firstRow: number;
  readonly endRow: number;
}

/** Image rows that go up together; the last strip of a band makes the band's patches possible. */
export interface Strip {
  readonly band: Band;
  readonly firstRow: number;
  readonly rows: number;
  readonly completesBand: boolean;
}

/** The columns of an image that are needed, their position in the texture, and the size of the texture. */
export interface StripPlan {
  /** The image's columns [firstColumn, firstColumn + columns) are wanted. */
  readonly firstColumn: number;
  readonly columns: number;
  /** Panels of PANEL_WIDTH columns, one below the other, each of `stripRows` texture rows. */
  readonly panels: number;
  readonly stripRows: number;
  /** Image rows of the tallest band. */
  readonly bandRows: number;
  readonly strips: readonly Strip[];
}

/**
 * @param patch pixels along a patch's side
 * @param patchRows rows of patches in the crop
 */
export function stripPlan(plan: ResizePlan, patch: number, patchRows: number): StripPlan {
  const { first, end } = inputRange(plan.columns);
  const columns = end - first;
  const bands = bandsOf(plan, patch, patchRows);
  const panels = Math.ceil(columns / PANEL_WIDTH);
  const bandRows = Math.max(...bands.map(({ firstRow, endRow }) => endRow - firstRow));
  const affordable = Math.floor(STRIP_TEXELS / (panels * Math.min(columns, PANEL_WIDTH)));
  const stripRows = Math.max(1, Math.min(bandRows, affordable, Math.floor(PANEL_WIDTH / panels)));
  const strips = bands.flatMap((band) => stripsOf(band, stripRows));
  return { firstColumn: first, columns, panels, stripRows, bandRows, strips };
}

function stripsOf(band: Band, stripRows: number): Strip[] {
  const strips: Strip[] = [];
  for (let firstRow = band.firstRow; firstRow < band.endRow; firstRow += stripRows) {
    const rows = Math.min(stripRows, band.endRow - firstRow);
    strips.push({ band, firstRow, rows, completesBand: firstRow + rows === band.endRow });
  }
  return strips;
}

function bandsOf({ columns, rows }: ResizePlan, patch: number, patchRows: number): Band[] {
  const rowsAffordable = Math.floor(BAND_PIXELS / columns.starts.length);
  const band = (firstPatchRow: number, endPatchRow: number): Band => ({
    firstPatchRow,
    endPatchRow,
    firstRow: rows.starts[firstPatchRow * patch],
    endRow: rows.starts[endPatchRow * patch - 1] + rows.taps,
  });
  const bands: Band[] = [];
  let current = band(0, 1);
  for (let end = 2; end <= patchRows; end++) {
    const grown = band(current.firstPatchRow, end);
    if (grown.endRow - grown.firstRow > rowsAffordable) {
      bands.push(current);
      current = band(end - 1, end);
    } else current = grown;
  }
  return [...bands, current];
}

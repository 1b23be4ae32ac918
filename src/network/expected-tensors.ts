// What a checkpoint has to hold for a model, by name, in its shapes.

import { patchGrid, type VitArchitecture } from "../format/architecture.ts";
import { vit } from "./families/vit.ts";
import type { CanonicalName } from "./names.ts";
import type { Grid } from "./op.ts";
import { parametersOf } from "./parameters.ts";

export function expectedTensors(architecture: VitArchitecture): Map<CanonicalName, readonly number[]> {
  return parametersOf(vit(architecture));
}

/** Tokens across and down that a table of positions holds: the picture's own, or a square to interpolate from. */
export function positionGrid(shape: readonly number[], architecture: VitArchitecture): Grid | undefined {
  return gridOf(shape[1] - architecture.prefixTokens, patchGrid(architecture));
}

/** Of so many patches: the picture's grid, or a square. */
export function gridOf(patches: number, picture: Grid): Grid | undefined {
  if (patches === picture.width * picture.height) return picture;
  const side = Math.sqrt(patches);
  return Number.isInteger(side) && side > 0 ? { width: side, height: side } : undefined;
}

// Resize and crop of a whole image: the plan that the kernels and the CPU follow.

import type { Geometry } from "./geometry.ts";
import { type ResamplePlan, resamplePlan } from "./resample.ts";

export interface ResizePlan {
  readonly columns: ResamplePlan;
  readonly rows: ResamplePlan;
}

export function resizePlan(width: number, height: number, geometry: Geometry): ResizePlan {
  const { resizedWidth, resizedHeight, cropX, cropY, cropWidth, cropHeight, filter } = geometry;
  return {
    columns: resamplePlan({
      inputLength: width,
      outputLength: resizedWidth,
      cropStart: cropX,
      cropLength: cropWidth,
      filter,
    }),
    rows: resamplePlan({
      inputLength: height,
      outputLength: resizedHeight,
      cropStart: cropY,
      cropLength: cropHeight,
      filter,
    }),
  };
}

/** The input samples [first, end) that a plan reads. */
export function inputRange({ starts, taps }: ResamplePlan): { first: number; end: number } {
  return { first: starts[0], end: starts[starts.length - 1] + taps };
}

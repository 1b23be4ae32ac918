// How a model with static activations runs, fetched when a folder asks for it.

import { UnsupportedModelError } from "../errors/errors.ts";
import type { VitArchitecture } from "../format/config.ts";
import { calibratedGraph } from "./calibrated-graph.ts";
import { CalibratedWeights, type Emit } from "./calibrated-weights.ts";
import { parseCalibration } from "./calibration.ts";
import type { VitGraph } from "./graph.ts";
import { type Int8Kernels, int8Kernels } from "./kernels.ts";
import { isInteger, type Nonlinear } from "./nonlinear.ts";

export interface Calibrated {
  readonly graph: (images: number, taps: boolean) => VitGraph;
  /** Takes what a WeightPacker emits, and passes on what the graph names. */
  readonly weights: (emit: Emit) => Emit;
}

/**
 * @param nonlinear exact or fast, for levels are settled for these
 * @throws ModelFormatError for a calibration that is not whole, UnsupportedModelError for integer operations
 */
export function calibrated(
  architecture: VitArchitecture,
  nonlinear: Nonlinear,
  kernels: Int8Kernels = int8Kernels,
): Calibrated {
  if (isInteger(nonlinear))
    throw new UnsupportedModelError(
      `${architecture.family}: is calibrated, which goes with nonlinear exact or fast, came ${nonlinear}`,
    );
  const calibration = parseCalibration(architecture.quantization!.calibration!, architecture.depth);
  return {
    graph: (images, taps) => calibratedGraph(architecture, calibration, kernels, images, taps),
    weights: (emit) => {
      const weights = new CalibratedWeights(architecture, calibration, emit);
      return (name, data) => weights.accept(name, data);
    },
  };
}

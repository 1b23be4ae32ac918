// One axis of Pillow's antialiased resize of 8-bit images, to the bit: which input samples make an output sample, and
// with which 22-bit fixed-point weights. Formulas: Pillow, src/libImaging/Resample.c (precompute_coeffs, normalize_coeffs_8bpc).

/** The filter of a resize, antialiased as in Pillow. */
export type ResampleFilter = "bilinear" | "bicubic";

export interface ResampleAxis {
  /** Samples of the input along this axis. */
  readonly inputLength: number;
  /** Samples of the whole resized axis, before the crop. */
  readonly outputLength: number;
  /** First resized sample wanted; negative where the crop begins before the image. */
  readonly cropStart: number;
  readonly cropLength: number;
  readonly filter: ResampleFilter;
}

/** out[i] = clip8((2^21 + sum over t < taps of weights[i * taps + t] * in[starts[i] + t]) >> 22). */
export interface ResamplePlan {
  /** [cropLength], never descending; starts[i] + taps <= inputLength, so no read leaves the image. */
  readonly starts: Int32Array;
  readonly taps: number;
  /** [cropLength, taps]; a row of zeros (black) where the crop lies outside of the resized image. */
  readonly weights: Int32Array;
}

export const PRECISION_BITS = 22;

const KERNELS = {
  bilinear: { support: 1, weight: (x: number) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, weight: cubic },
};

/** Keys' cubic with a = -0.5, in the order of operations of Pillow. */
function cubic(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
}

/** The input samples [first, end) under the kernel around one output sample. */
interface Window {
  readonly centre: number;
  readonly first: number;
  readonly end: number;
}

export function resamplePlan(axis: ResampleAxis): ResamplePlan {
  const { inputLength, outputLength, cropStart, cropLength } = axis;
  const windows = Array.from({ length: cropLength }, (_, i) =>
    windowOf(axis, Math.min(Math.max(cropStart + i, 0), outputLength - 1)),
  );
  const taps = Math.max(...windows.map(({ first, end }) => end - first));
  const starts = Int32Array.from(windows, ({ first }) => Math.min(first, inputLength - taps));
  const weights = new Int32Array(cropLength * taps);
  windows.forEach((window, i) => {
    const inside = cropStart + i >= 0 && cropStart + i < outputLength;
    if (inside) weights.set(fixedPointWeights(axis, window), i * taps + window.first - starts[i]);
  });
  return { starts, taps, weights };
}

const filterScale = ({ inputLength, outputLength }: ResampleAxis) => Math.max(1, inputLength / outputLength);

function windowOf(axis: ResampleAxis, output: number): Window {
  const { inputLength, outputLength, filter } = axis;
  const centre = (output + 0.5) * (inputLength / outputLength);
  const support = KERNELS[filter].support * filterScale(axis);
  return {
    centre,
    first: Math.max(0, Math.trunc(centre - support + 0.5)),
    end: Math.min(inputLength, Math.trunc(centre + support + 0.5)),
  };
}

function fixedPointWeights(axis: ResampleAxis, { centre, first, end }: Window): number[] {
  const { weight } = KERNELS[axis.filter];
  const shrink = 1 / filterScale(axis);
  const floats = Array.from({ length: end - first }, (_, t) => weight((t + first - centre + 0.5) * shrink));
  const sum = floats.reduce((total, w) => total + w, 0);
  return floats.map((w) => roundHalfAway((sum === 0 ? w : w / sum) * 2 ** PRECISION_BITS));
}

const roundHalfAway = (x: number) => Math.trunc(x < 0 ? x - 0.5 : x + 0.5);

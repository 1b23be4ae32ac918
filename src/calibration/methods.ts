// The published methods by name: what each does to weights, LayerNorms and levels.

import type { Quantizer } from "../quant/quantizer.ts";
import { adaptive, GELU_SHIFT, powersOfRootTwo, powersOfTwo } from "./logarithmic.ts";
import type { Observed } from "./observe.ts";
import { twinGelu, twinSoftmax } from "./twin.ts";
import { leastSquares, minMax, movingAverage, percentile, type RangeOf, uniformOver } from "./uniform.ts";
import { absMax, type Granularity, leastSquaresScale, type ScaleOf } from "./weights.ts";

export interface Method {
  /** Authors, year, name. */
  readonly source: string;
  /** The range of the levels of uniform activations. */
  readonly range: RangeOf;
  readonly weightScale: ScaleOf;
  /** The granularity of weight scales; default: an output channel. */
  readonly weights?: Granularity;
  /** Activations keep the scales that are made at run time: the images are for the weights alone. */
  readonly dynamic?: true;
  /** The transform between a LayerNorm and the layer that reads it. */
  readonly norm?: "reparameterise" | "smooth";
  /** Levels of the softmax and of the activation; default: uniform over `range`. */
  readonly softmax?: (observed: Pick<Observed, "values" | "ranges">, bits: number) => Quantizer;
  readonly gelu?: (observed: Pick<Observed, "values" | "ranges">, bits: number) => Quantizer;
  /** Levels of what LayerNorm reads, where that is requested: one scale, or one by channel times a power of two. */
  readonly powerOfTwoFactor?: boolean;
  /** Weights are corrected for what quantized inputs do. */
  readonly regress?: boolean;
  /** Weights are rounded one for another. */
  readonly compensate?: boolean;
}

const repq = { range: percentile, weightScale: leastSquaresScale, norm: "reparameterise" } as const;

export const METHODS = {
  minmax: { source: "the whole range seen (Jacob et al. 2018)", range: minMax, weightScale: absMax },
  ema: {
    source: "moving average of the range (Jacob et al. 2018)",
    range: movingAverage,
    weightScale: absMax,
  },
  percentile: { source: "best of three quantiles (Wu et al. 2020)", range: percentile, weightScale: absMax },
  omse: {
    source: "least squared error (Choukroun et al. 2019)",
    range: leastSquares,
    weightScale: leastSquaresScale,
  },
  ptq4vit: {
    source: "PTQ4ViT (Yuan et al. 2022)",
    range: leastSquares,
    weightScale: leastSquaresScale,
    softmax: ({ values }, bits) => twinSoftmax(values, bits),
    gelu: ({ values }, bits) => twinGelu(values, bits),
  },
  fqvit: {
    source: "FQ-ViT (Lin et al. 2022)",
    range: minMax,
    weightScale: absMax,
    // In 8 bits as its authors' own ablation: there nothing but the LayerNorm's inputs differs from min-max.
    softmax: (seen, bits) => (bits < 8 ? powersOfTwo(4) : uniformOver(minMax(seen, bits), bits)),
    powerOfTwoFactor: true,
  },
  smoothquant: {
    source: "SmoothQuant (Xiao et al. 2023)",
    range: minMax,
    weightScale: absMax,
    norm: "smooth",
  },
  repq: {
    source: "RepQ-ViT (Li et al. 2023)",
    ...repq,
    softmax: ({ values }, bits) => powersOfRootTwo(values, bits),
  },
  erq: {
    source: "ERQ (Zhong et al. 2024), rounding as GPTQ (Frantar et al. 2023)",
    ...repq,
    // RepQ-ViT's steps of sqrt 2 are as coarse in 8 bits as in 4.
    softmax: ({ values }, bits) => adaptive(values, bits),
    regress: true,
    compensate: true,
  },
  gptq: {
    source: "GPTQ (Frantar et al. 2023), activations scaled at run time",
    range: minMax,
    weightScale: leastSquaresScale,
    weights: "group",
    dynamic: true,
    compensate: true,
  },
  adalog: {
    source: "AdaLog (Wu et al. 2024)",
    ...repq,
    softmax: ({ values }, bits) => adaptive(values, bits),
    gelu: ({ values }, bits) => adaptive(values, bits, GELU_SHIFT),
  },
} as const satisfies Record<string, Method>;

/** A quantization method with static activation scales, and `gptq`. */
export type MethodName = keyof typeof METHODS;

export const WIDTHS = {
  w8a8: { weights: 8, activations: 8 },
  w6a6: { weights: 6, activations: 6 },
  w4a8: { weights: 4, activations: 8 },
  w4a4: { weights: 4, activations: 4 },
} as const;

/** Bit widths: `w4a8` has 4-bit weights and 8-bit activations. */
export type Width = keyof typeof WIDTHS;

/** Whether a method computes the scales of activations at run time. */
export function isDynamic(method: MethodName | "dynamic"): boolean {
  return method === "dynamic" || (METHODS[method] as Method).dynamic === true;
}

/** Whether this combination exists: scales at run time need 8-bit activations, weights by group need 4 bits. */
export function isOffered(method: MethodName | "dynamic", bits: Width, weights?: Granularity): boolean {
  const width = WIDTHS[bits];
  return (!isDynamic(method) || width.activations === 8) && (weights !== "group" || width.weights === 4);
}

import quantizeWgsl from "../../shaders/layernorm_integer.wgsl?quantize&wgsl";
import plainWgsl from "../../shaders/layernorm_integer.wgsl?wgsl";
import { defineKernel, type Variant } from "../gpu/kernel.ts";
import { bitsOf } from "../quant/dyadic.ts";
import { type LayerNormProblem, layernorm, layernormQuantize } from "./layernorm.ts";

/** Columns that fit workgroup memory beside what threads share. */
const MOST_KEPT = 4032;

const variant = (wgsl: string): Variant<LayerNormProblem> => ({
  wgsl,
  constants: ({ width, stride, eps }) => ({
    WIDTH: width,
    KEPT: Math.min(stride, MOST_KEPT),
    ROOT: bitsOf(Math.sqrt(width)),
    EPS: bitsOf(eps * width),
  }),
  grid: ({ rows }) => [rows],
});

/** The same as `layernorm` in integers alone: equal bits everywhere. */
export const layernormInteger = defineKernel({
  ...layernorm,
  name: "layernorm_integer",
  variants: { workgroup: variant(plainWgsl) },
});

/** The same as `layernormQuantize` in integers alone. */
export const layernormIntegerQuantize = defineKernel({
  ...layernormQuantize,
  name: "layernorm_integer_quantize",
  variants: { workgroup: variant(quantizeWgsl) },
});

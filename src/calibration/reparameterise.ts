// Scale reparameterization: the output of a LayerNorm is quantized channel by channel; then its affine and the next layer are changed so
// that one scale and zero point suffice (Li et al. 2023, RepQ-ViT, section 4.2, equations 7 to 11).

import type { Uniform } from "../quant/quantizer.ts";
import { type Linear, migrate, type Norm, shiftNorm } from "./layers.ts";
import { channelOf, type Observed } from "./observe.ts";
import { type RangeOf, uniformOver } from "./uniform.ts";

/** Changes `norm` and `next` in place; the function that they compute together stays. Returns the one quantizer. */
export function reparameterise(
  norm: Norm,
  next: Linear,
  observed: Observed,
  rangeOf: RangeOf,
  bits: number,
): Uniform {
  const channels = Array.from({ length: observed.columns }, (_, c) =>
    channelQuantizer(observed, c, rangeOf, bits),
  );
  const scale = Math.fround(mean(channels.map((channel) => channel.scale as number)));
  const zero = next.bias ? Math.round(mean(channels.map((channel) => channel.zero))) : 0;
  const shifts = Float32Array.from(channels, (channel) => (channel.scale as number) * (channel.zero - zero));
  const factors = Float32Array.from(channels, (channel) => (channel.scale as number) / scale);
  if (next.bias) shiftNorm(norm, next, shifts);
  migrate(norm, next, factors);
  return { kind: "uniform", bits, scale, zero };
}

function channelQuantizer(observed: Observed, channel: number, rangeOf: RangeOf, bits: number): Uniform {
  const ranges = [{ min: observed.least[channel], max: observed.greatest[channel] }];
  return uniformOver(rangeOf({ values: channelOf(observed, channel), ranges }, bits), bits);
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

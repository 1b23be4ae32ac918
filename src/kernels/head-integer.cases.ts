import { bitsOfAll, FRACTION, fixed, floatBits, numberOf, scaled } from "../quant/dyadic.ts";
import type { AnyCases, HostArray } from "../testing/cases.ts";
import headCases from "./head.cases.ts";
import type { HeadProblem } from "./head.ts";
import { headInteger } from "./head-integer.ts";

/** Binary places of x. */
const PLACES = 12;

export default {
  ...headCases,
  kernel: headInteger,
  reference({ images, tokens, stride, classes }: HeadProblem, host: Record<string, HostArray>) {
    const x = Int32Array.from(bitsOfAll(host.x as Float32Array), (bits) => fixed(bits, PLACES));
    const scale = bitsOfAll(host.w_scale as Float32Array);
    const bias = bitsOfAll(host.bias as Float32Array);
    const logit = (image: number, c: number) => {
      let total = fixed(bias[c], FRACTION);
      for (let k = 0; k < (tokens * stride) / 16; k++) {
        let sum = 0;
        for (let i = 0; i < 16; i++)
          sum += x[image * tokens * stride + k * 16 + i] * host.w[(k * classes + c) * 16 + i];
        total += scaled(sum, scale[Math.floor((k * 16) / stride) * classes + c], FRACTION - PLACES);
      }
      return numberOf(floatBits(total, FRACTION));
    };
    const out = Array.from({ length: images * classes }, (_, i) =>
      logit(Math.floor(i / classes), i % classes),
    );
    return { out };
  },
  tolerance: { out: { abs: 0, rel: 0 } },
} as unknown as AnyCases;

import { packWeights } from "../quant/pack.ts";
import type { AnyCases, HostArray, Rng } from "../testing/cases.ts";
import { type HeadProblem, head } from "./head.ts";

export default {
  kernel: head,
  problems: [
    { name: "one image", problem: { images: 1, tokens: 1, stride: 64, classes: 64 } },
    { name: "seven images, two tokens", problem: { images: 7, tokens: 2, stride: 128, classes: 128 } },
    { name: "DeiT-Ti", problem: { images: 1, tokens: 1, stride: 192, classes: 1024 } },
  ],
  inputs: ({ images, tokens, stride, classes }: HeadProblem, rng: Rng) => ({
    x: rng.f32(images * tokens * stride, 3),
    w: packWeights(rng.i8(tokens * stride * classes), classes, tokens * stride),
    w_scale: rng.f32(tokens * classes, 0.01),
    bias: rng.f32(classes),
  }),
  outputs: ({ images, classes }: HeadProblem) => ({ out: { type: "f32", length: images * classes } }),
  reference(
    { images, tokens, stride, classes }: HeadProblem,
    { x, w, w_scale, bias }: Record<string, HostArray>,
  ) {
    const out = new Float64Array(images * classes);
    for (let image = 0; image < images; image++)
      for (let c = 0; c < classes; c++) {
        out[image * classes + c] = bias[c];
        for (let i = 0; i < tokens * stride; i++) {
          const weight =
            w[((i >> 4) * classes + c) * 16 + (i & 15)] * w_scale[Math.floor(i / stride) * classes + c];
          out[image * classes + c] += x[image * tokens * stride + i] * weight;
        }
      }
    return { out };
  },
  // 384 products below 4 summed in f32.
  tolerance: { out: { abs: 1e-4, rel: 1e-5 } },
} as unknown as AnyCases;

// The classifier after the last norm on the CPU: f32 tokens, int8 weights.

import type { HeadProblem } from "../kernels/head.ts";

export function head(
  { images, tokens, stride, classes }: HeadProblem,
  {
    x,
    w,
    w_scale,
    bias,
    out,
  }: { readonly w: Int8Array } & Record<"x" | "w_scale" | "bias" | "out", Float32Array>,
): void {
  for (let image = 0; image < images; image++)
    for (let c = 0; c < classes; c++) {
      let logit = bias[c];
      for (let token = 0; token < tokens; token++) {
        const from = (image * tokens + token) * stride;
        let sum = 0;
        for (let i = 0; i < stride; i++) {
          const k = token * stride + i;
          sum += x[from + i] * w[((k >> 4) * classes + c) * 16 + (k & 15)];
        }
        logit += sum * w_scale[token * classes + c];
      }
      out[image * classes + c] = logit;
    }
}

import wgsl from "../../shaders/head.wgsl?wgsl";
import { checkProblem, defineKernel } from "../gpu/kernel.ts";

/** A GEMV per image: `tokens` readout tokens of `stride` f32 values against int8 weights of `classes` classes. */
export interface HeadProblem {
  readonly images: number;
  /** 1, or 2 for a distilled DeiT. */
  readonly tokens: number;
  readonly stride: number;
  /** Padded to 64. */
  readonly classes: number;
}

/** The classifier after the last norm: logits in f32. */
export const head = defineKernel({
  name: "head",
  bindings: { x: "read", w: "read", w_scale: "read", bias: "read", out: "write" },
  variants: {
    thread: {
      wgsl,
      constants: ({ tokens, stride, classes }: HeadProblem) => ({
        TOKENS: tokens,
        STRIDE: stride,
        CLASSES: classes,
      }),
      grid: ({ images, classes }: HeadProblem) => [classes / 64, images],
    },
  },
  check: ({ images, tokens, stride, classes }: HeadProblem) => {
    const counts = [images, tokens, stride, classes];
    const fits = counts.every((count) => count > 0) && stride % 64 === 0 && classes % 64 === 0;
    checkProblem(fits, "head", "64 | stride, 64 | classes, all > 0", ...counts);
  },
  macs: ({ images, tokens, stride, classes }: HeadProblem) => images * tokens * stride * classes,
  bytes: ({ images, tokens, stride, classes }: HeadProblem) =>
    tokens * stride * classes + 4 * images * (tokens * stride + classes),
});

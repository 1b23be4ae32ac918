/** One model of each family, for tests that are too slow to run them all. Each with its output: `logits`, or `pooled`, which is its embedding. */
export const ONE_OF_EACH: Readonly<Record<string, "logits" | "pooled">> = {
  ...{
    vit: "logits",
    "timm-vit-map": "logits",
    "dinov2-registers-classifier": "logits",
    "timm-dinov3": "pooled",
  },
  ...{ beit: "logits", "timm-eva02-clip": "logits", clip: "pooled", "siglip-classifier": "logits" },
  ...{ "swin-padded": "logits", "timm-swinv2": "logits", yolos: "logits" },
};

/** int8 against the library's float32: the lowest seen is .9992. */
export const LEAST_COSINE = 0.998;
/** float32: the largest difference, relative to the library's largest value. Without a resize in floats, 1e-4 was seen. */
export const MOST_ERROR = 1e-3;

export interface Closeness {
  readonly cosine: number;
  readonly error: number;
}

/** How close an output is to the library's. NaN where the lengths differ. */
export function closeness(output: ArrayLike<number>, expected: ArrayLike<number>): Closeness {
  if (output.length !== expected.length) return { cosine: Number.NaN, error: Number.NaN };
  const [a, b] = [Array.from(output), Array.from(expected)];
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, v, i) => sum + v * y[i], 0);
  const largest = Math.max(...b.map(Math.abs));
  const difference = Math.max(...a.map((v, i) => Math.abs(v - b[i])));
  return { cosine: dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)), error: difference / largest };
}

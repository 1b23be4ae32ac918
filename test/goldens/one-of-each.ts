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

/** Of their int8 with the library's float32; the least is .9992. */
export const LEAST_COSINE = 0.998;

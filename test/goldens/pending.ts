/** Models whose family is not there yet: remove a line when it loads. */
export const PENDING: readonly string[] = [
  "beit",
  "beit-shared",
  "data2vec",
  "dinov3",
  "dinov3-gated",
  "siglip",
  "siglip-classifier",
  "siglip-vision",
  "timm-beit",
  "timm-beitv2",
  "timm-dinov3",
  "timm-eva02",
  "timm-eva02-swiglu",
  "yolos",
  "yolos-mid",
];

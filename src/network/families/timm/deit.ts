// deit_tiny_patch16_224, deit_base_distilled_patch16_384, ...: of timm's Vision Transformer.
export { default } from "./vit.ts";

// deit3_*: of timm's Vision Transformer.
export { default } from "./vit.ts";

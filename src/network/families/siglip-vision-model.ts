// SiglipVisionModel, saved without the text tower.
export { default } from "./siglip.ts";

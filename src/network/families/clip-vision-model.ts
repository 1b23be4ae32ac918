// CLIPVisionModel and CLIPVisionModelWithProjection, saved without the text tower.
export { default } from "./clip.ts";

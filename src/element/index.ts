/**
 * The class behind `<vit-classifier>`, for a page that gives it a name of its own; `vit8/element/define` names it.
 *
 * @module vit8/element
 */
export { texts } from "./texts.ts";
export type { Status } from "./view.ts";
export { VitClassifier, type VitClassifierEvents } from "./vit-classifier.ts";

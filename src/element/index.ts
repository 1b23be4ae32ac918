/**
 * The class behind `<vit-classifier>`, for a page that gives it a name of its own; `vit8/element/define` names it.
 *
 * @module vit8/element
 */
export type { Attributes } from "./attributes.ts";
export type { VitClassifierEvents } from "./events.ts";
export type { Status } from "./status.ts";
export { texts } from "./texts.ts";
export { VitClassifier } from "./vit-classifier.ts";

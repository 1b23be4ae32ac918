/**
 * The class of `<vit-classifier>`, to register under another name. `vit8/element/define` registers it under this one.
 *
 * @module vit8/element
 */
export type { Attributes } from "./attributes.ts";
export type { VitClassifierEvents } from "./events.ts";
export type { Status } from "./status.ts";
export { texts } from "./texts.ts";
export { VitClassifier } from "./vit-classifier.ts";

// The element's events.

import type { Advice, Classification, LoadProgress } from "../index.ts";
import type { Status } from "./status.ts";

/** The events of `<vit-classifier>`, in addition to those of every element. All bubble and are composed. */
export interface VitClassifierEvents {
  loadstart: Event;
  statuschange: CustomEvent<Status>;
  progress: ProgressEvent;
  fallback: CustomEvent<Advice>;
  result: CustomEvent<readonly Classification[]>;
  load: Event;
  error: CustomEvent<Error>;
  abort: Event;
  loadend: Event;
}

export type EventMap = Omit<HTMLElementEventMap, keyof VitClassifierEvents> & VitClassifierEvents;

const everywhere = { bubbles: true, composed: true };

export function fire(element: Element, type: keyof VitClassifierEvents, detail: unknown = null): void {
  element.dispatchEvent(new CustomEvent(type, { ...everywhere, detail }));
}

export function fireProgress(element: Element, { loaded = 0, total = 0 }: LoadProgress): void {
  const lengthComputable = total > 0;
  element.dispatchEvent(new ProgressEvent("progress", { ...everywhere, lengthComputable, loaded, total }));
}

// Whether an element is the only one of its page: then it says its answer by itself; of many, a screen reader would hear them all.

const elements = new Map<Element, () => void>();

export const isAlone = (): boolean => elements.size === 1;

/** `changed` is called now, and when another comes or goes so that it may be alone, or no longer. */
export function enter(element: Element, changed: () => void): void {
  elements.set(element, changed);
  changed();
  tell();
}

export function leave(element: Element): void {
  if (elements.delete(element)) tell();
}

function tell(): void {
  if (elements.size <= 2) for (const changed of elements.values()) changed();
}

// Whether an element is the only one of its page. Then it announces its result; with several elements, a screen reader would read all of
// them.

const elements = new Map<Element, () => void>();

export const isAlone = (): boolean => elements.size === 1;

/** `changed` is called now, and whenever the element becomes the only one or stops being it. */
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

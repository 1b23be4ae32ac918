// HTML elements in a line, and the places of index.html. Texts are set as text, never as markup.

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  children: readonly (Node | string)[] = [],
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** The element with this id, which index.html has. */
export function byId<T extends HTMLElement>(id: string, type: abstract new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`index.html has no ${type.name} #${id}`);
}

/** Shows errors. */
export function onClick(id: string, work: () => unknown): void {
  byId(id, HTMLButtonElement).addEventListener("click", async () => {
    try {
      await work();
    } catch (error) {
      showError(error);
    }
  });
}

export function tell(text: string): void {
  byId("status", HTMLElement).textContent = text;
}

/** Undefined takes the last one away. */
export function showError(error: unknown): void {
  const place = byId("error", HTMLElement);
  place.hidden = error === undefined;
  place.textContent = error instanceof Error ? error.message : String(error ?? "");
}

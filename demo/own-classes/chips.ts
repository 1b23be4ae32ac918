/** What keys and pasted text do to a list of classes; it knows nothing of the page. */

/** A key as a chip's field got it. */
export interface ChipKey {
  readonly key: string;
  /** Of the chip, and of all chips. */
  readonly index: number;
  readonly count: number;
  readonly value: string;
  readonly selectionStart: number;
  readonly selectionEnd: number;
}

/** `index` is the chip to focus, with the caret at that end of the text. */
export interface ChipAction {
  readonly kind: "add" | "remove" | "move";
  readonly index: number;
  readonly caret: "start" | "end";
}

/** Undefined for a key that the field itself should get. */
export function actionOf(pressed: ChipKey): ChipAction | undefined {
  const { key, index, count, value, selectionStart, selectionEnd } = pressed;
  const isCaret = selectionStart === selectionEnd;
  const move = (to: number, caret: ChipAction["caret"]): ChipAction | undefined =>
    to >= 0 && to < count ? { kind: "move", index: to, caret } : undefined;
  switch (key) {
    case "Enter":
      return { kind: "add", index: index + 1, caret: "end" };
    case "Backspace":
      if (value !== "" || count === 1) return undefined;
      return { kind: "remove", index: Math.max(0, index - 1), caret: "end" };
    case "ArrowLeft":
      return isCaret && selectionStart === 0 ? move(index - 1, "end") : undefined;
    case "ArrowRight":
      return isCaret && selectionEnd === value.length ? move(index + 1, "start") : undefined;
    case "ArrowUp":
      return move(index - 1, "end");
    case "ArrowDown":
      return move(index + 1, "end");
    default:
      return undefined;
  }
}

/** The classes that chips name: each once, without those that are empty. */
export function labelsOf(values: readonly string[]): string[] {
  return [...new Set(values.map((value) => value.trim()).filter((value) => value !== ""))];
}

/** One class per line, or per comma where there is one line; undefined for a text that is one class. */
export function splitPasted(text: string): string[] | undefined {
  const lines = labelsOf(text.split(/[\r\n]+/));
  const parts = lines.length > 1 ? lines : labelsOf(text.split(","));
  return parts.length > 1 ? parts : undefined;
}

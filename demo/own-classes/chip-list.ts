/** The chips: one field for each class, with its score. */
import { textElement } from "../classify/page.ts";
import { texts } from "../classify/texts.ts";
import { actionOf, type ChipAction, labelsOf, splitPasted } from "./chips.ts";
import type { Scores } from "./scoring.ts";

/** Of classes, in style.css. */
export const COLORS = 6;

export class ChipList {
  readonly #list: HTMLElement;
  readonly #changed: () => void;

  constructor(list: HTMLElement, values: readonly string[], changed: () => void) {
    this.#list = list;
    this.#changed = changed;
    for (const value of values) this.#insert(this.#chips.length, value);
    this.#name();
  }

  get labels(): string[] {
    return labelsOf(this.#fields.map(({ value }) => value));
  }

  /** Adds an empty class at the end, and puts the caret into it. */
  add(): void {
    this.#do({ kind: "add", index: this.#chips.length, caret: "end" }, 0);
  }

  /** A class whose score is not known yet keeps its last one; an empty one has none. */
  show(scores: Scores): void {
    const best = Math.max(...scores.values());
    for (const chip of this.#chips) {
      const value = fieldOf(chip).value.trim();
      const score = scores.get(value);
      if (score === undefined && value !== "" && scores.size > 0) continue;
      chip.classList.toggle("best", score !== undefined && score === best);
      chip.querySelector(".score")!.textContent = score === undefined ? "" : texts.percent(score);
      chip.querySelector<HTMLElement>(".bar")!.style.width = `${100 * (score ?? 0)}%`;
    }
  }

  get #chips(): HTMLElement[] {
    return [...this.#list.children] as HTMLElement[];
  }

  get #fields(): HTMLInputElement[] {
    return this.#chips.map(fieldOf);
  }

  #insert(index: number, value: string): void {
    const chip = textElement("li", "chip", "");
    const field = Object.assign(document.createElement("input"), { value, spellcheck: false });
    field.autocomplete = "off";
    field.dir = "auto"; // a class may be Arabic
    const remove = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
    remove.className = "quiet";
    const track = textElement("span", "track", "");
    track.append(textElement("span", "bar", ""));
    chip.append(field, textElement("span", "score", ""), remove, track);
    this.#list.insertBefore(chip, this.#list.children[index] ?? null);
    field.addEventListener("keydown", (event) => this.#press(chip, event));
    field.addEventListener("paste", (event) => this.#paste(chip, event));
    field.addEventListener("input", () => this.#told());
    remove.addEventListener("click", () => {
      const at = this.#chips.indexOf(chip);
      this.#do({ kind: "remove", index: Math.max(0, at - 1), caret: "end" }, at);
    });
  }

  #press(chip: HTMLElement, event: KeyboardEvent): void {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const { value, selectionStart, selectionEnd } = fieldOf(chip);
    const index = this.#chips.indexOf(chip);
    const action = actionOf({
      key: event.key,
      index,
      count: this.#chips.length,
      value,
      selectionStart: selectionStart ?? 0,
      selectionEnd: selectionEnd ?? 0,
    });
    if (!action) return;
    event.preventDefault();
    this.#do(action, index);
  }

  #paste(chip: HTMLElement, event: ClipboardEvent): void {
    const parts = splitPasted(event.clipboardData?.getData("text") ?? "");
    if (!parts) return;
    event.preventDefault();
    const at = this.#chips.indexOf(chip);
    for (const [i, part] of parts.entries()) this.#insert(at + 1 + i, part);
    const isEmpty = fieldOf(chip).value.trim() === "";
    if (isEmpty) chip.remove();
    this.#focus(at + parts.length - Number(isEmpty), "end");
    this.#told();
  }

  /** @param from the chip that a removal removes; the last one is emptied instead */
  #do({ kind, index, caret }: ChipAction, from: number): void {
    if (kind === "add") this.#insert(index, "");
    if (kind === "remove" && this.#chips.length === 1) this.#fields[0].value = "";
    else if (kind === "remove") this.#chips[from].remove();
    this.#focus(index, caret);
    if (kind !== "move") this.#told();
  }

  #focus(index: number, caret: ChipAction["caret"]): void {
    const field = this.#fields[index];
    const at = caret === "start" ? 0 : field.value.length;
    field.focus();
    field.setSelectionRange(at, at);
  }

  #told(): void {
    this.#name();
    this.#changed();
  }

  #name(): void {
    const chips = this.#chips;
    const places = new Map(this.labels.map((label, i) => [label, i]));
    for (const [i, chip] of chips.entries()) {
      const field = fieldOf(chip);
      chip.dataset.series = String((places.get(field.value.trim()) ?? 0) % COLORS);
      field.ariaLabel = `Class ${i + 1} of ${chips.length}`;
      chip.querySelector("button")!.ariaLabel = `Remove ${field.value.trim() || `class ${i + 1}`}`;
    }
  }
}

const fieldOf = (chip: HTMLElement): HTMLInputElement => chip.querySelector("input")!;

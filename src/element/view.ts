// The contents of an element's shadow tree. Labels are text, never markup.

import { shownLabel } from "../classifier/shown-label.ts";
import type { Classification, LoadProgress } from "../index.ts";
import { isAlone } from "./alone.ts";
import { pictureAddress } from "./source.ts";
import type { Status } from "./status.ts";
import { applyStyle } from "./style.ts";
import { texts } from "./texts.ts";

const EMPTY: Classification = { label: "\u00a0", score: 0, index: -1 };
/** Longer than a screen reader needs. If it stayed in the tree, the label would be read again after the list. */
const SAID_MS = 5000;

export class View {
  readonly image = make("img", "image");
  readonly slot = make("slot");
  readonly #state = make("div", "state");
  readonly #words = make("span", "words");
  /** Screen readers announce its changes. */
  readonly #live = make("span");
  readonly #progress = make("progress", "progress");
  readonly #list = make("ol", "results");
  readonly #host: Element;
  readonly #root: ShadowRoot;
  #said = "";
  #saidTimer: ReturnType<typeof setTimeout> | undefined;
  /** Whether the image has the URL of the last request. */
  #requested = false;

  constructor(host: Element) {
    this.#host = host;
    this.#root = host.attachShadow({ mode: "open" });
    applyStyle(this.#root);
    const results = make("slot");
    results.name = "results";
    results.append(this.#list);
    this.#progress.ariaLabel = texts.loading;
    this.#live.dir = "auto";
    this.#state.append(this.#live, this.#words, this.#progress);
    const answer = make("div", "answer");
    answer.append(this.#state, results);
    this.#root.append(this.image, this.slot, answer);
    this.showStatus("idle");
  }

  /** Fetches the image at a URL, unless it was fetched since the last change. @throws PictureError if it is not the URL of an image */
  requestImage(src: string, crossOrigin: string | null): void {
    if (this.#requested) return;
    this.image.crossOrigin = crossOrigin;
    this.image.src = pictureAddress(src);
    this.#requested = true;
  }

  /** The next request fetches it again. */
  renewImage(): void {
    this.#requested = false;
  }

  forgetImage(): void {
    this.image.removeAttribute("src");
    this.renewImage();
  }

  /** Gives the image the element's width if the page's CSS sets its aspect ratio, before there is an image. */
  shapeImage(): void {
    const { aspectRatio = "auto" } = getComputedStyle(this.#host);
    this.image.classList.toggle("shaped", aspectRatio !== "" && aspectRatio !== "auto");
  }

  /** In CSS pixels; 0: as large as it is. */
  resizeImage(width: number, height: number): void {
    applyStyle(this.#root, width, height);
  }

  /** Sets the text alternative: `alt`, or the label if no list shows it. */
  describeImage(alt: string | undefined, best: Classification | undefined): void {
    const { display } = getComputedStyle(this.#list); // nothing where the page has put another in its place
    this.image.alt = alt ?? ((display && display !== "none") || !best ? "" : named(best).label);
  }

  /** By default only if it is the only one. */
  announce(choice: "off" | "polite" | ""): void {
    if (choice === "polite" || (choice === "" && isAlone())) this.#live.setAttribute("role", "status");
    else this.#live.removeAttribute("role");
  }

  /** `words` are visible while the element is busy and for an error. For a result they are only announced, because the list shows it. */
  showStatus(status: Status, words = ""): void {
    this.#state.setAttribute("part", `state ${status}`);
    const passing = status === "waiting" || status === "classifying";
    this.#words.textContent = passing ? words : "";
    this.#live.className = status === "error" ? "error" : status === "loading" ? "words" : "quiet";
    const isHeard = status !== "ready" || this.#live.hasAttribute("role");
    this.#say(isHeard && !passing ? words : "", status);
    clearTimeout(this.#saidTimer);
    if (status === "ready") this.#saidTimer = setTimeout(() => this.#live.replaceChildren(), SAID_MS);
    this.#progress.hidden = status !== "loading";
    this.#progress.removeAttribute("value");
  }

  /** Only when it differs: a video may give the same result sixty times a second. */
  #say(words: string, status: Status): void {
    if (words !== this.#said)
      this.#live.replaceChildren(...(status === "error" ? breakable(words) : [words]));
    this.#said = words;
  }

  showProgress({ loaded, total }: LoadProgress): void {
    if (loaded !== undefined && total) this.#progress.value = loaded / total;
    else this.#progress.removeAttribute("value");
  }

  /** Shows `rows` rows for any number of results: empty rows reserve the space of results to come. */
  showResults(results: readonly Classification[], rows: number): void {
    const missing = Array.from({ length: Math.max(rows - results.length, 0) }, () => this.#row(EMPTY, true));
    this.#list.ariaHidden = results.length === 0 ? "true" : null;
    this.#list.replaceChildren(...results.map((result) => this.#row(named(result), false)), ...missing);
  }

  #row(result: Classification, placeholder: boolean): HTMLElement {
    const row = make("li", placeholder ? "placeholder" : "result");
    row.ariaHidden = placeholder ? "true" : null;
    const template = this.#host.querySelector<HTMLTemplateElement>(":scope > template");
    if (template) row.append(filled(template, result));
    else row.append(...cells(result));
    return row;
  }
}

/** With places where a line may break, after the separators of a URL: a narrow element would break it within a word. */
function breakable(words: string): (string | Element)[] {
  const pieces = words.match(/[^/:?&=_.]*[/:?&=_.]*/g) ?? [];
  return pieces.flatMap((piece) => [piece, document.createElement("wbr")]);
}

/** With words for a blank label. */
function named(result: Classification): Classification {
  return { ...result, label: shownLabel(result, texts.noLabel) };
}

export function describe([best]: readonly Classification[]): string {
  return best ? texts.answer(named(best).label, texts.percent(best.score)) : texts.nothing;
}

function cells({ label, score }: Classification): Element[] {
  const name = make("span", "label");
  // A label that is too long is cut at its own end, whatever the direction of the page.
  name.dir = "auto";
  name.textContent = label;
  const percent = make("span", "score");
  percent.textContent = texts.percent(score);
  const bar = make("meter", "bar");
  bar.value = score;
  bar.ariaHidden = "true"; // the percentage has the same content
  return [name, percent, bar];
}

/** A copy of the page's own template; `data-field` names the content of an element: label, score, percent or index. */
function filled(template: HTMLTemplateElement, { label, score, index }: Classification): DocumentFragment {
  const fields: Record<string, unknown> = { label, score, index, percent: texts.percent(score) };
  const copy = document.importNode(template.content, true);
  // React puts a template's children into the element itself, not into its content.
  copy.append(...Array.from(template.childNodes, (node) => node.cloneNode(true)));
  for (const element of copy.querySelectorAll<HTMLElement>("[data-field]"))
    element.textContent = String(fields[element.dataset.field!] ?? "");
  return copy;
}

/** An element with `::part(name)` for the page, and `.name` for the style sheet. */
function make<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, name = ""): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (name) element.setAttribute("part", name);
  return element;
}

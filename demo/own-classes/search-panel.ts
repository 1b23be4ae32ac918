/** The search of the index: a query, and the nearest images. */
import { byId, showError, showText, textElement } from "../classify/page.ts";
import type { ImageIndex } from "./image-index.ts";
import type { Loaded } from "./model.ts";
import type { Near } from "./nearest.ts";

const SHOWN = 24;
/** Without a key for so long, words are taken for typed. */
const TYPING_MS = 120;

/** What the images should be like, and how the page calls it. */
interface Query {
  readonly name: string;
  readonly embedding: Float32Array;
}

export class SearchPanel {
  readonly #field = byId("query", HTMLInputElement);
  readonly #list = byId("results", HTMLElement);
  #index: ImageIndex | undefined;
  #loaded: Loaded | undefined;
  #query: Query | undefined;
  /** Counts queries: of two that are computed at once the later one stays. */
  #turn = 0;
  #typing: ReturnType<typeof setTimeout> | undefined;
  #grownAt = 0;

  constructor() {
    this.#field.addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.#searchWords(), TYPING_MS);
    });
  }

  /** @param loaded words cannot be searched without it */
  use(index: ImageIndex, loaded: Loaded | undefined): void {
    this.#index = index;
    this.#loaded = loaded;
    this.#query = undefined;
    this.#tellCount();
    void this.#searchWords();
  }

  /** There are more images, or none any more. */
  grown(isLast: boolean): void {
    const now = performance.now();
    if (!isLast && now - this.#grownAt < 1000) return;
    this.#grownAt = now;
    this.#tellCount();
    this.#search();
  }

  /** Images like this one. */
  searchImage(query: Query | undefined): void {
    this.#turn++;
    clearTimeout(this.#typing);
    if (query) this.#field.value = "";
    this.#query = query;
    this.#search();
  }

  async #searchWords(): Promise<void> {
    const words = this.#field.value.trim();
    if (words === "" || !this.#loaded) return this.searchImage(undefined);
    const turn = ++this.#turn;
    try {
      const [embedding] = await this.#loaded.classifier.embedText([words]);
      if (turn !== this.#turn) return;
      this.#query = { name: `“${words}”`, embedding };
      this.#search();
    } catch (error) {
      if (turn === this.#turn) showError(error, "index-error");
    }
  }

  #search(): void {
    if (!this.#index) return;
    const { vectors } = this.#index;
    const start = performance.now();
    const nearest = this.#query
      ? vectors.nearest(this.#query.embedding, SHOWN)
      : Array.from({ length: Math.min(SHOWN, vectors.count) }, (_, index) => ({ index, cosine: 0 }));
    const elapsedMs = performance.now() - start;
    this.#show(nearest);
    showText("found", this.#query ? found(this.#query, vectors.count, elapsedMs) : this.#hint(vectors.count));
  }

  #hint(images: number): string {
    if (images === 0) return "";
    const words = this.#loaded ? "Type words" : "Load the model to search by words";
    return `${words}, or press an image to find those like it.`;
  }

  /** Rows stay where they are; one that has another image than before gets its thumbnail. */
  #show(all: readonly Near[]): void {
    while (this.#list.children.length > all.length) forget(this.#list.lastElementChild!);
    for (const [i, near] of all.entries()) {
      const row = (this.#list.children[i] as HTMLElement) ?? this.#list.appendChild(newRow());
      void this.#fill(row, near);
    }
  }

  async #fill(row: HTMLElement, { index: at, cosine }: Near): Promise<void> {
    const index = this.#index!;
    const [key, name] = [index.keyOf(at), index.nameOf(at)];
    row.querySelector(".cosine")!.textContent = this.#query ? cosine.toFixed(3) : "";
    row.querySelector("button")!.onclick = () => this.searchImage({ name, embedding: index.vectors.at(at) });
    if (row.dataset.key === key) return;
    row.dataset.key = key;
    const image = row.querySelector("img")!;
    image.alt = name;
    const thumbnail = await index.thumbnailOf(at);
    if (row.dataset.key !== key || !thumbnail) return;
    URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(thumbnail);
  }

  #tellCount(): void {
    const { count } = this.#index!.vectors;
    byId("forget", HTMLElement).hidden = count === 0;
    showText(
      "indexed",
      count === 0
        ? "No images are indexed with this model yet."
        : `${count.toLocaleString("en")} image${count === 1 ? " is" : "s are"} indexed in this browser.`,
    );
  }
}

const found = ({ name }: Query, images: number, elapsedMs: number): string =>
  `The nearest to ${name}: ${images.toLocaleString("en")} images searched in ${elapsedMs.toFixed(1)} ms.`;

function newRow(): HTMLElement {
  const row = document.createElement("li");
  const button = Object.assign(document.createElement("button"), { type: "button" });
  button.append(new Image(), textElement("span", "cosine", ""));
  row.append(button);
  return row;
}

function forget(row: Element): void {
  URL.revokeObjectURL(row.querySelector("img")!.src);
  row.remove();
}

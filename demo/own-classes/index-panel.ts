/** How images get into the index: progress, pause and stop. */
import { PictureError } from "../../src/index.ts";
import { byId, showError, showText } from "../classify/page.ts";
import { candidatesOf, MOST, openImage } from "./image-files.ts";
import type { ImageIndex } from "./image-index.ts";
import { indexImages, type Progress } from "./indexing.ts";
import type { FileAt } from "./inputs.ts";
import type { Loaded } from "./model.ts";

const count = (images: number): string => `${images.toLocaleString("en")} image${images === 1 ? "" : "s"}`;

export class IndexPanel {
  readonly #grown: (isLast: boolean) => void;
  #work = new AbortController();
  #ended: Promise<void> = Promise.resolve();
  /** Resolves when a pause ends; undefined while there is none. */
  #paused: { readonly over: Promise<void>; readonly end: () => void } | undefined;

  /** @param grown hears that there are more images, and when there will be no more */
  constructor(grown: (isLast: boolean) => void) {
    this.#grown = grown;
    byId("pause", HTMLElement).addEventListener("click", () => this.#pause(this.#paused === undefined));
    byId("stop", HTMLElement).addEventListener("click", () => this.stop());
  }

  /** Keeps the images that are indexed. Resolves when no more will be added. */
  stop(): Promise<void> {
    this.#work.abort();
    this.#pause(false);
    return this.#ended;
  }

  /** Those that are not in the index yet. */
  async add(files: readonly FileAt[], model: Loaded, index: ImageIndex): Promise<void> {
    await this.stop();
    this.#work = new AbortController();
    this.#ended = this.#add(files, model, index, this.#work.signal);
    await this.#ended;
  }

  async #add(
    files: readonly FileAt[],
    { classifier }: Loaded,
    index: ImageIndex,
    signal: AbortSignal,
  ): Promise<void> {
    const { keys } = index;
    const images = candidatesOf(files);
    const fresh = images.filter(({ key }) => !keys.has(key));
    const some = fresh.slice(0, Math.max(0, MOST - keys.size));
    showError(words(images.length, fresh.length - some.length), "index-error");
    if (some.length === 0) return;
    byId("indexing", HTMLElement).hidden = false;
    const start = performance.now();
    this.#tell({ done: 0, total: some.length, unreadable: [] }, 0);
    try {
      await indexImages(
        some,
        {
          open: openImage,
          embed: (pictures, signal) => classifier.embedImage(pictures, { signal }),
          isUnreadable: (error) => error instanceof PictureError,
          keep: (batch) => index.keep(batch),
        },
        {
          signal,
          going: async () => this.#paused?.over,
          tell: (progress) => this.#tell(progress, performance.now() - start),
        },
      );
    } catch (error) {
      if (!signal.aborted) showError(error, "index-error");
    } finally {
      byId("indexing", HTMLElement).hidden = true;
      this.#grown(true);
    }
  }

  #pause(on: boolean): void {
    this.#paused?.end();
    let end = () => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#paused = on ? { over, end } : undefined;
    byId("pause", HTMLElement).ariaPressed = String(on);
  }

  #tell({ done, total, unreadable }: Progress, elapsedMs: number): void {
    byId("index-progress", HTMLProgressElement).value = done / total;
    const perSecond = ((1000 * done) / Math.max(1, elapsedMs)).toFixed(0);
    showText("index-words", `${done.toLocaleString("en")} of ${count(total)}, ${perSecond} per second`);
    if (unreadable.length > 0)
      showError(
        `${count(unreadable.length)} cannot be read: ${unreadable.slice(0, 5).join(", ")}${unreadable.length > 5 ? " …" : ""}`,
        "index-error",
      );
    this.#grown(false);
  }
}

/** Of what was chosen and will not be indexed. */
function words(images: number, left: number): string | undefined {
  if (images === 0) return "No images there. Choose a folder with JPEG, PNG or WebP files.";
  if (left > 0) return `${count(left)} left out: the index holds ${MOST.toLocaleString("en")} at most.`;
  return undefined;
}

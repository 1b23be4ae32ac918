// <vit-classifier>: an element that names what is in its picture, with the events and the manners of <img>.

import { type Classification, type ImageClassifier, type LoadProgress, PictureError } from "../index.ts";
import { enter, leave } from "./alone.ts";
import {
  type Attributes,
  addClassifier,
  mirrorAttributes,
  observedAttributes,
  renewedBy,
  upgradeProperties,
} from "./attributes.ts";
import { type EventMap, fire, fireProgress } from "./events.ts";
import type { ModelLease } from "./lease.ts";
import { renewLease } from "./models.ts";
import { oncePerTask } from "./once-per-task.ts";
import { type End, Run } from "./run.ts";
import { findSource, isVideo, type Source } from "./source.ts";
import { markStatus, type Status } from "./status.ts";
import { texts } from "./texts.ts";
import { describe, View } from "./view.ts";
import { forgetNear, isNear } from "./visibility.ts";

/** Its attributes are properties too. As the DOM's own elements have it, a listener knows its event by the name. */
export interface VitClassifier extends Attributes {
  /** A classifier that the page has loaded, used in place of `model`. The page disposes of it. */
  classifier: ImageClassifier | null;
  addEventListener<Type extends keyof EventMap>(
    type: Type,
    listener: (this: VitClassifier, event: EventMap[Type]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<Type extends keyof EventMap>(
    type: Type,
    listener: (this: VitClassifier, event: EventMap[Type]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | EventListenerOptions,
  ): void;
}

/** Node has no elements, and may still import this module. */
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

/**
 * Classifies an image: that of `src`, or the `<img>`, `<video>`, `<canvas>` or `<input type=file>` inside.
 *
 * @element vit-classifier
 *
 * @attr {string} src - URL of an image: http, https, blob, a data: image, or the page's own scheme.
 * @attr {string} model - A Hub id, or the URL of a model folder. Elements with the same model share it.
 * @attr {string} labels - Classes of your own, with commas between; `model` is then a CLIP or SigLIP model.
 * @attr {"auto" | "webgpu" | "cpu"} device - Where the model runs; default `auto`: the GPU, or the CPU if there is none.
 * @attr {number} top-k - Maximum number of labels; default 5.
 * @attr {number} threshold - Minimum score of a label, 0 to 1; default 0.
 * @attr {"eager" | "lazy"} loading - `lazy` waits until the element is near the viewport.
 * @attr {string} crossorigin - As in `<img>`: needed for images from other sites.
 * @attr {string} alt - Alternative text of the image of `src`. Default: none next to the list of results, otherwise the top-1 label.
 * @attr {number} width - Width of the element, in CSS pixels; with `height` also the aspect ratio of the image of `src`. CSS takes precedence.
 * @attr {number} height - Height of the image of `src`, in CSS pixels.
 * @attr {"off" | "polite"} announce - Whether screen readers announce the result; default: if it is the only such element of the page.
 * @attr {boolean} autoplay - Plays the video or camera inside, and classifies frame after frame.
 * @attr {boolean} worker - Loads and runs the model in a worker, so that the page's own thread stays free.
 * @attr {string} name - The name under which a form submits the top-1 label.
 *
 * @fires {Event} loadstart - Work on an image begins.
 * @fires {CustomEvent<string>} statuschange - `status` changed; `detail` is the new one.
 * @fires {ProgressEvent} progress - Part of the model has downloaded.
 * @fires {CustomEvent<Advice>} fallback - The model falls back to the CPU; `detail` has the `reason` and the `remedy`.
 * @fires {CustomEvent<readonly Classification[]>} result - Predictions are ready, in `detail` and `results`.
 * @fires {Event} load - The first predictions for this image are ready.
 * @fires {CustomEvent<Error>} error - The image or the model failed; `detail` is the error.
 * @fires {Event} abort - Work ended early: abort(), a new image, or the element was removed.
 * @fires {Event} loadend - After load, error or abort.
 *
 * @slot - The page's own `<img>`, `<video>`, `<canvas>` or `<input type=file>`, and a `<template>` for one result, whose
 *   elements with `data-field` "label", "score", "percent" or "index" are filled.
 * @slot results - Replaces the list of results.
 *
 * @csspart image - The image of `src`.
 * @csspart state - Around status text and progress; also `idle`, `loading`, `waiting`, `classifying`, `ready` or `error`.
 * @csspart progress - The progress bar of the download.
 * @csspart results - The list.
 * @csspart result - One row.
 * @csspart label - Its label.
 * @csspart score - Its percentage.
 * @csspart bar - Its bar.
 *
 * @cssprop --vit-accent - Color of bars.
 * @cssprop --vit-track - Color behind bars.
 * @cssprop --vit-error - Color of error text.
 * @cssprop --vit-gap - Distance between rows.
 * @cssprop --vit-bar-size - Thickness of bars.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: only types of what HTMLElement has; nothing to initialise
export class VitClassifier extends Base {
  static readonly formAssociated = true;
  static readonly observedAttributes = observedAttributes;

  static {
    mirrorAttributes(VitClassifier.prototype);
    addClassifier(VitClassifier.prototype);
  }

  /** Absent or in part where components are tested, as in jsdom and happy-dom. */
  readonly #internals: Partial<ElementInternals> = this.attachInternals?.() ?? {};
  readonly #view = new View(this);
  #source: Source | undefined;
  #run: Run | undefined;
  #lease: ModelLease | undefined;
  #answer: readonly Classification[] = [];
  #status: Status = "idle";
  #progress: LoadProgress | null = null;
  #error: Error | null = null;
  /** Something changed since the last run began. */
  #stale = true;
  /** At most one look at the attributes and the slot for all changes of a task, as `<img>` does. */
  readonly #schedule = oncePerTask(() => this.#update());
  readonly #announce = () => this.#view.announce(this.announce);

  constructor() {
    super();
    markStatus(this.#internals, "idle");
    this.#view.slot.addEventListener("slotchange", this.#schedule);
    // Events of pictures do not bubble; on their way down they pass here.
    for (const type of ["load", "error", "loadeddata", "seeked", "change"])
      this.addEventListener(type, (event) => this.#sourceChanged(event), true);
  }

  connectedCallback(): void {
    upgradeProperties(this);
    enter(this, this.#announce);
    this.#schedule();
  }

  /** Nothing when it is back in the page by the end of the task: it was moved. */
  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (!this.isConnected) this.#leave();
    });
  }

  attributeChangedCallback(name: string): void {
    const renews = renewedBy(name);
    if (renews === "alt") this.#describeImage();
    else if (renews === "announce") this.#announce();
    else if (renews === "size") this.#view.resizeImage(this.width, this.height);
    else if (renews === "results") {
      if (this.#answer.length > 0) this.#show(this.#answer);
    } else {
      if (renews === "picture") this.#view.renewImage();
      if (renews !== "place") this.#stale = true;
      this.#schedule();
    }
  }

  /** A file input inside may be empty now. */
  formResetCallback(): void {
    this.#schedule();
  }

  get form(): HTMLFormElement | null {
    return this.#internals.form ?? this.closest("form");
  }

  /** The likeliest label; empty without one. */
  get value(): string {
    return this.results[0]?.label ?? "";
  }

  /** The answer of at most `topK` labels that reach `threshold`, likeliest first. */
  get results(): readonly Classification[] {
    return this.#answer.filter(({ score }) => score >= this.threshold);
  }

  get status(): Status {
    return this.#status;
  }

  /** What loading the model has come to; null before and after. */
  get progress(): LoadProgress | null {
    return this.#progress;
  }

  /** Why there is no answer. */
  get error(): Error | null {
    return this.#error;
  }

  /**
   * Names the picture now, also a lazy one: after drawing to a canvas, say. Ends the run before, if there is one.
   * @throws what the `error` event tells; an AbortError after `abort`
   */
  classify(): Promise<readonly Classification[]> {
    return this.#begin();
  }

  /** Ends the run; a download of the model too, unless another element waits for it. */
  abort(): void {
    this.#stop();
    if (!this.#lease?.ready) this.#release();
  }

  #update(): void {
    if (!this.isConnected) return;
    this.#view.shapeImage();
    this.#showRows();
    if (this.loading === "lazy" && !isNear(this, this.#schedule)) return;
    const source = this.#findSource();
    if (!this.#stale && source === this.#source) return;
    if (source) this.#begin().catch(() => {});
    else this.#clear();
  }

  #findSource(): Source | undefined {
    return this.hasAttribute("src") ? this.#view.image : findSource(this.#view.slot);
  }

  #sourceChanged({ type, target }: Event): void {
    // Frames of a playing video are followed one by one.
    if (target === this || (type === "seeked" && this.autoplay)) return;
    if (target === this.#source && !this.#run?.waiting) this.#stale = true;
    this.#schedule();
  }

  async #begin(): Promise<readonly Classification[]> {
    this.#stop();
    this.#stale = false;
    this.#source = this.#findSource();
    const run = new Run({
      prepare: () => this.#prepare(),
      topK: () => this.topK,
      follows: () => this.autoplay,
      onModel: ({ report: { backend, advice } }) => {
        this.#setStatus("waiting", texts.waiting);
        if (backend === "cpu") fire(this, "fallback", advice);
      },
      onTurn: () => this.#setStatus("classifying", texts.classifying),
      onAnswer: (answer) => {
        this.#show(answer);
        fire(this, "result", this.results);
      },
      onEnd: (...how) => this.#ended(...how),
    });
    this.#run = run;
    this.#error = null;
    this.#show([]);
    this.#setStatus("loading", texts.loading);
    fire(this, "loadstart");
    await run.start();
    return this.results;
  }

  #prepare(): { source: Source; lease: ModelLease } {
    if (!this.isConnected)
      throw new PictureError(
        "vit-classifier: expected to be in a document. Add the element to the page first.",
      );
    const source = this.#source;
    if (!source)
      throw new PictureError(
        "vit-classifier: expected an image, got none. Set src, or put an img, video or canvas inside.",
      );
    if (source === this.#view.image) this.#view.requestImage(this.src, this.crossOrigin);
    if (this.autoplay && isVideo(source)) source.play().catch(() => {});
    return { source, lease: this.#leaseModel() };
  }

  #leaseModel(): ModelLease {
    this.#lease = renewLease(this.#lease, this, (progress) => this.#tellProgress(progress));
    return this.#lease;
  }

  #tellProgress(progress: LoadProgress): void {
    if (!this.#run?.pending) return;
    this.#progress = progress;
    this.#view.showProgress(progress);
    fireProgress(this, progress);
  }

  #show(answer: readonly Classification[]): void {
    this.#answer = answer;
    this.#internals.setFormValue?.(this.value || null);
    this.#describeImage();
    this.#showRows();
    if (answer.length > 0) this.#setStatus("ready", describe(this.results));
  }

  /** Their place is there before the answer, which a model of few labels makes shorter. */
  #showRows(): void {
    this.#view.showResults(this.results, this.#answer.length || this.topK);
  }

  #describeImage(): void {
    this.#view.describeImage(this.getAttribute("alt") ?? undefined, this.value);
  }

  #ended(end: End, again: boolean, error: Error | null): void {
    this.#progress = null;
    this.#error = error;
    if (error && !(error instanceof PictureError)) this.#lease?.forget();
    if (end !== "load") this.#setStatus(error ? "error" : "idle", error?.message);
    if (end !== "load") this.#show([]);
    fire(this, end, error);
    if (!again) fire(this, "loadend");
  }

  #stop(): void {
    const run = this.#run;
    this.#run = undefined; // a listener of its end may begin another
    run?.stop();
  }

  #clear(): void {
    this.#stop();
    this.#stale = false;
    this.#source = undefined;
    this.#error = null;
    this.#view.forgetImage();
    this.#show([]);
    this.#setStatus("idle");
  }

  #leave(): void {
    forgetNear(this);
    leave(this);
    this.#stop();
    this.#release();
    this.#view.forgetImage();
    this.#stale = true;
  }

  #release(): void {
    this.#lease?.release();
    this.#lease = undefined;
  }

  #setStatus(status: Status, words?: string): void {
    this.#view.showStatus(status, words);
    if (status === this.#status) return;
    this.#status = status;
    markStatus(this.#internals, status);
    queueMicrotask(() => fire(this, "statuschange", status)); // its listeners may begin another run
  }
}

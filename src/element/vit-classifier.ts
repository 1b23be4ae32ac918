// <vit-classifier>: an element that classifies its image, with the events and the behavior of <img>.

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
  /** A classifier of the page, or its promise from `ImageClassifier.load`, used in place of `model`. The page disposes of it. */
  classifier: ImageClassifier | Promise<ImageClassifier> | null;
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

/** Node has no elements, but can import this module. */
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

/**
 * Classifies the image of `src`, or of a child `<img>`, `<video>`, `<canvas>` or `<input type=file>`.
 *
 * @element vit-classifier
 *
 * @attr {string} src - URL of an image: http, https, blob, a data: image, or the page's own scheme.
 * @attr {string} model - A Hub id, or the URL of a model folder. Elements with the same model share it.
 * @attr {string} labels - Your own classes, separated by commas; requires a CLIP or SigLIP `model`.
 * @attr {"auto" | "webgpu" | "cpu"} device - Where the model runs; default `auto`: the GPU, or the CPU if there is none.
 * @attr {number} top-k - Maximum number of labels; default 5.
 * @attr {number} threshold - Minimum score of a label, 0 to 1; default 0.
 * @attr {"eager" | "lazy"} loading - `lazy` waits until the element is near the viewport.
 * @attr {string} crossorigin - As in `<img>`; needed for images from other origins.
 * @attr {string} alt - Alternative text of the image of `src`. Default: empty if the list of results is shown, otherwise the top-1 label.
 * @attr {number} width - Width of the element, in CSS pixels; with `height` also the aspect ratio of the image of `src`. CSS takes precedence.
 * @attr {number} height - Height of the image of `src`, in CSS pixels.
 * @attr {"off" | "polite"} announce - `polite`: screen readers announce the top-1 label; default `polite` for the only such element of a page, otherwise `off`.
 * @attr {boolean} autoplay - Plays the child `<video>` (a file or a camera stream) and classifies its frames, one after another.
 * @attr {boolean} worker - Loads and runs the model in a worker, so that the page's main thread stays free.
 * @attr {string} name - The name under which a form submits the top-1 label.
 *
 * @fires {Event} loadstart - Work on an image begins.
 * @fires {CustomEvent<string>} statuschange - `status` has changed; `detail` is the new status.
 * @fires {ProgressEvent} progress - The load has progressed; `lengthComputable` is false in stages other than the download.
 * @fires {CustomEvent<Advice>} fallback - The model falls back to the CPU; `detail` has the `reason` and the `remedy`.
 * @fires {CustomEvent<readonly Classification[]>} result - Predictions are ready, in `detail` and `results`.
 * @fires {Event} load - The first predictions for this image are ready.
 * @fires {CustomEvent<Error>} error - The image or the model failed; `detail` is the error.
 * @fires {Event} abort - Work ended early: `abort()` was called, a new image was set, or the element was removed.
 * @fires {Event} loadend - After load, error or abort.
 *
 * @slot - Your `<img>`, `<video>`, `<canvas>` or `<input type=file>`, and a `<template>` for one result: each element in it with the
 *   attribute `data-field` is filled with that field, one of "label", "score", "percent" and "index".
 * @slot results - Replaces the list of results.
 *
 * @csspart image - The image of `src`.
 * @csspart state - The container of messages and progress; also `idle`, `loading`, `waiting`, `classifying`, `ready` or `error`.
 * @csspart progress - The progress bar of the download.
 * @csspart results - The list of results.
 * @csspart result - One row of the list.
 * @csspart label - The label of a row.
 * @csspart score - The percentage of a row.
 * @csspart bar - The bar of a row.
 *
 * @cssprop --vit-accent - Color of bars.
 * @cssprop --vit-track - Color behind bars.
 * @cssprop --vit-error - Color of error text.
 * @cssprop --vit-gap - Distance between rows.
 * @cssprop --vit-bar-size - Thickness of bars.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: only types of what HTMLElement has; nothing to initialize
export class VitClassifier extends Base {
  static readonly formAssociated = true;
  static readonly observedAttributes = observedAttributes;

  static {
    mirrorAttributes(VitClassifier.prototype);
    addClassifier(VitClassifier.prototype);
  }

  /** Missing or incomplete in jsdom and happy-dom. */
  readonly #internals: Partial<ElementInternals> = this.attachInternals?.() ?? {};
  readonly #view = new View(this);
  #source: Source | undefined;
  #run: Run | undefined;
  #lease: ModelLease | undefined;
  /** The classifier of the last `fallback` event. */
  #told: ImageClassifier | undefined;
  #answer: readonly Classification[] = [];
  #status: Status = "idle";
  #progress: LoadProgress | null = null;
  #error: Error | null = null;
  /** Something changed since the last run began. */
  #stale = true;
  /** Reads the attributes and the slot once for all changes of a task, as `<img>` does. */
  readonly #schedule = oncePerTask(() => this.#update());
  readonly #announce = () => this.#view.announce(this.announce);

  constructor() {
    super();
    markStatus(this.#internals, "idle");
    this.#view.slot.addEventListener("slotchange", this.#schedule);
    // Events of images do not bubble, so they are captured.
    for (const type of ["load", "error", "loadeddata", "emptied", "seeked", "change"])
      this.addEventListener(type, (event) => this.#sourceChanged(event), true);
  }

  connectedCallback(): void {
    upgradeProperties(this);
    enter(this, this.#announce);
    this.#schedule();
  }

  /** Does nothing if the element was only moved: it is in the page again at the end of the task. */
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

  /** A child file input may be empty now. */
  formResetCallback(): void {
    this.#schedule();
  }

  /** The form that the element belongs to, or null. */
  get form(): HTMLFormElement | null {
    return this.#internals.form ?? this.closest("form");
  }

  /** The top-1 label, or an empty string. */
  get value(): string {
    return this.results[0]?.label ?? "";
  }

  /** The predictions shown: at most `topK` labels with a score of at least `threshold`, highest score first. */
  get results(): readonly Classification[] {
    return this.#answer.filter(({ score }) => score >= this.threshold);
  }

  /** What the element is doing. */
  get status(): Status {
    return this.#status;
  }

  /** The progress of the load; null before and after it. */
  get progress(): LoadProgress | null {
    return this.#progress;
  }

  /** Why there is no prediction, or null. */
  get error(): Error | null {
    return this.#error;
  }

  /**
   * Classifies the image now, for instance after drawing to a canvas. An earlier run is aborted.
   * @returns the predictions, as in `results`
   * @throws the error of the `error` event; an AbortError after `abort`
   */
  classify(): Promise<readonly Classification[]> {
    return this.#begin();
  }

  /** Aborts the run, and the download of the model unless another element waits for it. */
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
    // The frames of a playing video have their own loop.
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
      onModel: (classifier) => {
        this.#setStatus("waiting", texts.waiting);
        this.#tellFallback(classifier);
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
    this.#lease = renewLease(this.#lease, this, (progress) => this.#tellProgress(progress));
    return { source, lease: this.#lease };
  }

  #tellProgress(progress: LoadProgress): void {
    if (!this.#run?.pending) return;
    this.#progress = progress;
    this.#view.showProgress(progress);
    fireProgress(this, progress);
  }

  /** Once for each model, not for each image. */
  #tellFallback(classifier: ImageClassifier): void {
    if (classifier === this.#told) return;
    this.#told = classifier;
    const { backend, advice } = classifier.report;
    if (backend === "cpu") fire(this, "fallback", advice);
  }

  #show(answer: readonly Classification[]): void {
    this.#answer = answer;
    this.#internals.setFormValue?.(this.value || null);
    this.#describeImage();
    this.#showRows();
    if (answer.length > 0) this.#setStatus("ready", describe(this.results));
  }

  /** Reserves their space before the predictions are ready; a model with few labels needs fewer rows. */
  #showRows(): void {
    this.#view.showResults(this.results, this.#answer.length || this.topK);
  }

  #describeImage(): void {
    this.#view.describeImage(this.getAttribute("alt") ?? undefined, this.results[0]);
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
    this.#run = undefined; // a listener may start another run
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
    this.#told = undefined;
  }

  #setStatus(status: Status, words?: string): void {
    this.#view.showStatus(status, words);
    if (status === this.#status) return;
    this.#status = status;
    markStatus(this.#internals, status);
    queueMicrotask(() => fire(this, "statuschange", status)); // its listeners may begin another run
  }
}

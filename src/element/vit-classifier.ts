// <vit-classifier>: an element that names what is in its picture, with the events and the manners of <img>.

import { isA } from "../errors/is-a.ts";
import { until } from "../errors/until.ts";
import {
  type Classification,
  type DeviceChoice,
  type ImageClassifier,
  type LoadProgress,
  ModelLoadError,
  PictureError,
} from "../index.ts";
import { leaseModel, type ModelLease } from "./models.ts";
import {
  arrived,
  findSource,
  isVideo,
  modelAddress,
  nextFrame,
  pictureAddress,
  type Source,
} from "./source.ts";
import { texts } from "./texts.ts";
import { describe, type Status, View } from "./view.ts";
import { forgetNear, whenNear } from "./visibility.ts";

/** The events beside those of every element. All bubble and cross shadow trees. */
export interface VitClassifierEvents {
  loadstart: Event;
  progress: ProgressEvent;
  fallback: CustomEvent<string>;
  result: CustomEvent<readonly Classification[]>;
  load: Event;
  error: CustomEvent<Error>;
  abort: Event;
  loadend: Event;
}

type EventMap = Omit<HTMLElementEventMap, keyof VitClassifierEvents> & VitClassifierEvents;

/** As the DOM's own elements have it: a listener knows its event by the name. */
export interface VitClassifier {
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

/** One way from loadstart to loadend. */
interface Run {
  readonly signal: AbortSignal;
  readonly controller: AbortController;
  /** Until load, error or abort. */
  pending: boolean;
  /** Until the source has pixels; its own load event is not news then. */
  waiting: boolean;
}

/** Node has no elements, and may still import this module. */
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

const mirrored = [
  "src",
  "model",
  "device",
  "topK",
  "threshold",
  "loading",
  "crossOrigin",
  "alt",
  "autoplay",
  "name",
] as const;

/**
 * Names what is in a picture: that of `src`, or the `<img>`, `<video>`, `<canvas>` or `<input type=file>` inside.
 *
 * @element vit-classifier
 *
 * @attr {string} src - Address of a picture: http, https, blob, a data: image, or of the page's own scheme.
 * @attr {string} model - A Hub id, or the address of a model folder. Elements that name one model share it.
 * @attr {"auto" | "webgpu" | "cpu"} device - Where the model runs; default `auto`: the GPU, or the CPU where there is none.
 * @attr {number} top-k - Labels at most; default 5.
 * @attr {number} threshold - The least score that is shown, 0 to 1; default 0.
 * @attr {"eager" | "lazy"} loading - `lazy` waits until the element comes near the viewport.
 * @attr {string} crossorigin - As of `<img>`: needed for pictures from other sites.
 * @attr {string} alt - What the picture of `src` shows; without it, the likeliest label.
 * @attr {boolean} autoplay - Plays the video inside, or its camera, and names what is in frame after frame.
 * @attr {string} name - The name under which a form submits the likeliest label.
 *
 * @fires {Event} loadstart - Work on a picture begins.
 * @fires {ProgressEvent} progress - Bytes of the model came.
 * @fires {CustomEvent<string>} fallback - There is no GPU, and the model runs on the CPU; `detail` says why, and what to do.
 * @fires {CustomEvent<readonly Classification[]>} result - An answer is there, as `detail` and `results`.
 * @fires {Event} load - The first answer for this picture is there.
 * @fires {CustomEvent<Error>} error - There will be none; `detail` says why.
 * @fires {Event} abort - There will be none: abort(), another picture, or the element left the page.
 * @fires {Event} loadend - After load, error or abort.
 *
 * @slot - The page's own `<img>`, `<video>`, `<canvas>` or `<input type=file>`, and a `<template>` for one result, whose
 *   elements with `data-field` "label", "score", "percent" or "index" are filled.
 * @slot results - Replaces the list of results.
 *
 * @csspart image - The picture of `src`.
 * @csspart state - Around words and progress; also `idle`, `loading`, `ready` or `error`.
 * @csspart progress - The bar of the download.
 * @csspart results - The list.
 * @csspart result - One row.
 * @csspart label - Its label.
 * @csspart score - Its percentage.
 * @csspart bar - Its bar.
 *
 * @cssprop --vit-accent - Colour of bars.
 * @cssprop --vit-track - Colour behind bars.
 * @cssprop --vit-error - Colour of an error's words.
 * @cssprop --vit-gap - Distance between rows.
 * @cssprop --vit-bar-size - Thickness of bars.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: only types of what HTMLElement has; nothing to initialise
export class VitClassifier extends Base {
  static readonly formAssociated = true;
  static readonly observedAttributes = [
    "src",
    "model",
    "device",
    "top-k",
    "threshold",
    "loading",
    "crossorigin",
    "alt",
    "autoplay",
  ];

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
  /** The address changed since the picture was last asked for. */
  #unasked = true;
  #near = false;
  #scheduled = false;

  constructor() {
    super();
    this.#view.slot.addEventListener("slotchange", () => this.#schedule());
    // Events of pictures do not bubble; on their way down they pass here.
    for (const type of ["load", "error", "loadeddata", "seeked", "change"])
      this.addEventListener(type, (event) => this.#sourceChanged(event), true);
  }

  connectedCallback(): void {
    for (const name of mirrored) this.#upgrade(name);
    this.#schedule();
  }

  /** Nothing when it is back in the page by the end of the task: it was moved. */
  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (!this.isConnected) this.#leave();
    });
  }

  attributeChangedCallback(name: string): void {
    if (name === "alt") this.#describeImage();
    else if (name === "threshold") this.#show(this.#answer);
    else {
      if (name === "src" || name === "crossorigin") this.#unasked = true;
      if (name !== "loading") this.#stale = true;
      this.#schedule();
    }
  }

  /** A file input inside may be empty now. */
  formResetCallback(): void {
    this.#schedule();
  }

  get src(): string {
    return this.getAttribute("src") ?? "";
  }
  set src(value: string) {
    this.setAttribute("src", value);
  }

  get model(): string {
    return this.getAttribute("model") ?? "";
  }
  set model(value: string) {
    this.setAttribute("model", value);
  }

  get device(): DeviceChoice {
    const value = this.getAttribute("device")?.toLowerCase();
    return value === "webgpu" || value === "cpu" ? value : "auto";
  }
  set device(value: DeviceChoice) {
    this.setAttribute("device", value);
  }

  get topK(): number {
    const value = Number(this.getAttribute("top-k"));
    return Number.isInteger(value) && value >= 1 ? value : 5;
  }
  set topK(value: number) {
    this.setAttribute("top-k", String(value));
  }

  get threshold(): number {
    const value = Number(this.getAttribute("threshold"));
    return value > 0 && value <= 1 ? value : 0;
  }
  set threshold(value: number) {
    this.setAttribute("threshold", String(value));
  }

  get loading(): "eager" | "lazy" {
    return this.getAttribute("loading")?.toLowerCase() === "lazy" ? "lazy" : "eager";
  }
  set loading(value: "eager" | "lazy") {
    this.setAttribute("loading", value);
  }

  get crossOrigin(): string | null {
    return this.getAttribute("crossorigin");
  }
  set crossOrigin(value: string | null) {
    if (value === null) this.removeAttribute("crossorigin");
    else this.setAttribute("crossorigin", value);
  }

  get alt(): string {
    return this.getAttribute("alt") ?? "";
  }
  set alt(value: string) {
    this.setAttribute("alt", value);
  }

  get autoplay(): boolean {
    return this.hasAttribute("autoplay");
  }
  set autoplay(value: boolean) {
    this.toggleAttribute("autoplay", value);
  }

  get name(): string {
    return this.getAttribute("name") ?? "";
  }
  set name(value: string) {
    this.setAttribute("name", value);
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

  /** At most one look at the attributes and the slot for all changes of a task, as `<img>` does. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (this.isConnected) this.#update();
    });
  }

  #update(): void {
    if (this.loading === "lazy" && !this.#near) {
      whenNear(this, () => {
        this.#near = true;
        this.#schedule();
      });
      return;
    }
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
    const controller = new AbortController();
    const run: Run = { controller, signal: controller.signal, pending: true, waiting: true };
    this.#run = run;
    this.#error = null;
    this.#forgetAnswer();
    this.#setStatus("loading", texts.loading);
    this.#view.reserve(this.topK);
    this.#fire("loadstart");
    try {
      const look = await this.#prepare(run);
      this.#show(await look());
      this.#fire("result");
      this.#settle(run, "load");
      if (this.autoplay && isVideo(this.#source)) void this.#watch(run, this.#source, look);
      return this.results;
    } catch (error) {
      this.#fail(run, error);
      throw error;
    }
  }

  /** Waits for the model and the picture; the result gives an answer each time it is called. */
  async #prepare(run: Run): Promise<() => Promise<Classification[]>> {
    const { signal } = run;
    signal.throwIfAborted();
    if (!this.isConnected)
      throw new PictureError("vit-classifier: is in no document; add it to the page first");
    const source = this.#source;
    if (!source)
      throw new PictureError(
        "vit-classifier: has no picture; set src, or put an img, video or canvas inside",
      );
    this.#askForImage();
    if (this.autoplay && isVideo(source)) source.play().catch(() => {});
    const lease = this.#leaseModel();
    const [classifier] = await until(signal, Promise.all([lease.classifier, arrived(source, signal)]));
    run.waiting = false;
    const { backend, advice } = classifier.report;
    if (backend === "cpu" && lease.device !== "cpu")
      this.dispatchEvent(new CustomEvent("fallback", { ...everywhere, detail: advice }));
    return () =>
      until(
        signal,
        lease.turn(() => this.#classify(classifier, source, signal)),
      );
  }

  #classify(classifier: ImageClassifier, source: Source, signal: AbortSignal): Promise<Classification[]> {
    return classifier.classify(source, { topK: this.topK, signal });
  }

  /** Follows a video; a frame that comes while another is looked at is left out. */
  async #watch(run: Run, video: HTMLVideoElement, look: () => Promise<Classification[]>): Promise<void> {
    try {
      for (;;) {
        await nextFrame(video, run.signal);
        this.#show(await look());
        this.#fire("result");
      }
    } catch (error) {
      this.#fail(run, error);
    }
  }

  #askForImage(): void {
    const { image } = this.#view;
    if (this.#source !== image || !this.#unasked) return;
    image.crossOrigin = this.crossOrigin;
    image.src = pictureAddress(this.src);
    image.hidden = false;
    this.#unasked = false;
  }

  /** The same lease as long as the model is the same; a model that did not load is tried again. */
  #leaseModel(): ModelLease {
    if (!this.model)
      throw new ModelLoadError(
        "vit-classifier: has no model; set the attribute model to a Hub id or an address",
      );
    const address = modelAddress(this.model);
    const { device } = this;
    const lease = this.#lease;
    if (lease?.current && lease.address === address && lease.device === device) return lease;
    this.#release();
    this.#lease = leaseModel(address, device, (progress) => this.#tellProgress(progress));
    return this.#lease;
  }

  #tellProgress(progress: LoadProgress): void {
    if (!this.#run?.pending) return;
    this.#progress = progress;
    this.#view.showProgress(progress);
    const { loaded = 0, total = 0 } = progress;
    this.dispatchEvent(
      new ProgressEvent("progress", { ...everywhere, lengthComputable: total > 0, loaded, total }),
    );
  }

  #show(answer: readonly Classification[]): void {
    this.#answer = answer;
    const { results } = this;
    this.#internals.setFormValue?.(this.value || null);
    this.#describeImage();
    if (answer.length === 0) return;
    this.#view.showResults(results);
    this.#setStatus("ready", describe(results));
  }

  #describeImage(): void {
    this.#view.image.alt = this.getAttribute("alt") ?? this.value;
  }

  #fail(run: Run, error: unknown): void {
    if (run.signal.aborted) return;
    this.#error = isA(error, "Error") || isA(error, "DOMException") ? error : new Error(String(error));
    if (!(error instanceof PictureError)) this.#lease?.forget();
    this.#forgetAnswer();
    this.#setStatus("error", this.#error.message);
    this.#settle(run, "error");
  }

  /** The end of what loadstart began; nothing the second time, but an error of a later frame is told. */
  #settle(run: Run, type: "load" | "error" | "abort"): void {
    const { pending } = run;
    run.pending = false;
    this.#progress = null;
    if (pending || type === "error") this.#fire(type);
    if (pending) this.#fire("loadend");
  }

  #stop(): void {
    const run = this.#run;
    this.#run = undefined;
    if (!run) return;
    run.controller.abort();
    if (!run.pending) return;
    this.#setStatus("idle");
    this.#forgetAnswer();
    this.#settle(run, "abort");
  }

  #clear(): void {
    this.#stop();
    this.#stale = false;
    this.#source = undefined;
    this.#error = null;
    this.#forgetImage();
    this.#forgetAnswer();
    this.#setStatus("idle");
  }

  #leave(): void {
    forgetNear(this);
    this.#near = false;
    this.#stop();
    this.#release();
    this.#forgetImage();
    this.#stale = true;
  }

  #release(): void {
    this.#lease?.release();
    this.#lease = undefined;
  }

  #forgetImage(): void {
    this.#view.image.removeAttribute("src");
    this.#view.image.hidden = true;
    this.#unasked = true;
  }

  #forgetAnswer(): void {
    this.#show([]);
    this.#view.showResults([]);
  }

  #setStatus(status: Status, words?: string): void {
    this.#status = status;
    Object.assign(this.#internals, { ariaBusy: String(status === "loading") });
    this.#view.showStatus(status, words);
  }

  #fire(type: keyof VitClassifierEvents): void {
    const detail = type === "error" ? this.#error : type === "result" ? this.results : null;
    this.dispatchEvent(new CustomEvent(type, { ...everywhere, detail }));
  }

  /** A property set before the class was defined hides the accessor; it is set again. */
  #upgrade(name: (typeof mirrored)[number]): void {
    if (!Object.hasOwn(this, name)) return;
    const value = this[name];
    delete (this as Partial<this>)[name];
    Object.assign(this, { [name]: value });
  }
}

const everywhere = { bubbles: true, composed: true };

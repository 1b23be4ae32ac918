// One run of an element: it waits for the model and the image, classifies, ends, or continues with the frames of a video.

import { isA } from "../errors/is-a.ts";
import { until } from "../errors/until.ts";
import type { Classification, ImageClassifier } from "../index.ts";
import type { ModelLease } from "./lease.ts";
import { arrived, isVideo, nextFrame, type Source } from "./source.ts";

/** The event at the end of a run. */
export type End = "load" | "error" | "abort";

/** What a run needs of its element, and its callbacks. */
export interface Host {
  /** The image and the model, both still loading. @throws if one of them is missing */
  prepare(): { readonly source: Source; readonly lease: ModelLease };
  topK(): number;
  /** Whether it continues with the frames of a video. */
  follows(): boolean;
  /** Called when the model is ready, before the run waits for the image or its turn. */
  onModel(classifier: ImageClassifier): void;
  /** Called when the image is about to be classified. */
  onTurn(): void;
  onAnswer(answer: readonly Classification[]): void;
  /** Once for each run; `again`: a later frame of a video failed after its end. */
  onEnd(end: End, again: boolean, error: Error | null): void;
}

type Look = () => Promise<readonly Classification[]>;

export class Run {
  readonly #host: Host;
  readonly #controller = new AbortController();
  #state: "waiting" | "looking" | "ended" = "waiting";

  constructor(host: Host) {
    this.#host = host;
  }

  /** Until the image has pixels. */
  get waiting(): boolean {
    return this.#state === "waiting";
  }

  /** Until load, error or abort. */
  get pending(): boolean {
    return this.#state !== "ended";
  }

  /** Resolves after the first result. @throws the error of `onEnd`, and an AbortError once stopped */
  async start(): Promise<void> {
    const { signal } = this.#controller;
    try {
      signal.throwIfAborted(); // a listener of the start event may have stopped the run
      const { source, lease } = this.#host.prepare();
      const loaded = lease.classifier.then((classifier) => {
        if (this.pending) this.#host.onModel(classifier);
        return classifier;
      });
      const [classifier] = await until(signal, Promise.all([loaded, arrived(source, signal)]));
      this.#state = "looking";
      const work = () => {
        if (this.pending) this.#host.onTurn();
        return classifier.classify(source, { topK: this.#host.topK(), signal });
      };
      const look = () => until(signal, lease.turn(work));
      this.#host.onAnswer(await look());
      this.#end("load");
      if (this.#host.follows() && isVideo(source)) void this.#follow(source, look);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  stop(): void {
    this.#controller.abort();
    this.#end("abort");
  }

  /** Frames that arrive while another is being classified are skipped. */
  async #follow(video: HTMLVideoElement, look: Look): Promise<void> {
    try {
      for (;;) {
        await nextFrame(video, this.#controller.signal);
        this.#host.onAnswer(await look());
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#controller.signal.aborted) return;
    const known = isA(error, "Error") || isA(error, "DOMException");
    this.#end("error", known ? error : new Error(String(error)));
  }

  #end(end: End, error: Error | null = null): void {
    const again = !this.pending;
    if (again && end !== "error") return;
    this.#state = "ended";
    this.#host.onEnd(end, again, error);
  }
}

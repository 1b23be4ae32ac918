// A share in a model, and the turns of those who share it.

import type { DeviceChoice, ImageClassifier } from "../index.ts";

/** A classifier that the page lends to elements: loaded, or on its way. */
export type Lent = ImageClassifier | Promise<ImageClassifier>;

export interface ModelLease {
  readonly address: string;
  readonly device: DeviceChoice;
  /** The page's classifier, if it is one. */
  readonly lent?: Lent;
  /** Labels of the page; empty: the model's. */
  readonly labels: readonly string[];
  readonly worker: boolean;
  /** Rejects with what `ImageClassifier.load` or `ZeroShotClassifier.load` throws, or the page's promise. */
  readonly classifier: Promise<ImageClassifier>;
  readonly ready: boolean;
  /** False once loading failed, or the model was found broken: another lease loads it again. */
  readonly current: boolean;
  /** Runs `work` after earlier requests. An element has at most one request in the queue, so all get their turn. */
  turn<T>(work: () => Promise<T>): Promise<T>;
  /** Keeps others from sharing it: its device was lost. */
  forget(): void;
  /** A second call does nothing. */
  release(): void;
}

export interface Queue {
  tail: Promise<unknown>;
}

export function inTurn<T>(queue: Queue, work: () => Promise<T>): Promise<T> {
  const turn = queue.tail.then(work);
  queue.tail = turn.catch(() => {});
  return turn;
}

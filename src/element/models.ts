// One copy of a model for all elements of a page that name it: loaded by the first, disposed after the last.

import { type DeviceChoice, ImageClassifier, type LoadProgress, ModelLoadError } from "../index.ts";
import { modelAddress } from "./source.ts";

/** As often as XMLHttpRequest tells its progress. */
const PROGRESS_INTERVAL_MS = 50;

interface SharedModel {
  readonly classifier: Promise<ImageClassifier>;
  readonly loading: AbortController;
  /** One for each lease. */
  readonly listeners: Set<(progress: LoadProgress) => void>;
  ready: boolean;
  tail: Promise<unknown>;
}

export interface ModelLease {
  readonly address: string;
  readonly device: DeviceChoice;
  /** Rejects with what `ImageClassifier.load` throws. */
  readonly classifier: Promise<ImageClassifier>;
  readonly ready: boolean;
  /** False once loading failed, or the model was found broken: another lease loads it again. */
  readonly current: boolean;
  /** Runs `work` after what was asked for before. An element waits in one place at a time, so all get their turn. */
  turn<T>(work: () => Promise<T>): Promise<T>;
  /** Keeps others from sharing it: its device was lost. */
  forget(): void;
  /** A second call does nothing. */
  release(): void;
}

/** By device and address. */
const models = new Map<string, SharedModel>();

/**
 * The same lease as long as model and device are the same; a model that did not load, or is broken, is loaded again.
 * @throws ModelLoadError without a model
 */
export function renewLease(
  lease: ModelLease | undefined,
  model: string,
  device: DeviceChoice,
  onProgress: (progress: LoadProgress) => void,
): ModelLease {
  if (!model)
    throw new ModelLoadError(
      "vit-classifier: has no model; set the attribute model to a Hub id or an address",
    );
  const address = modelAddress(model);
  if (lease?.current && lease.address === address && lease.device === device) return lease;
  lease?.release();
  return leaseModel(address, device, onProgress);
}

/** A share in the model at `address` on `device`; `onProgress` is told of the download until it is there. */
function leaseModel(
  address: string,
  device: DeviceChoice,
  onProgress: (progress: LoadProgress) => void,
): ModelLease {
  const key = `${device} ${address}`;
  const model = models.get(key) ?? openModel(key, address, device);
  // A function of its own, for two leases may name one callback.
  const listener = (progress: LoadProgress) => onProgress(progress);
  model.listeners.add(listener);
  return {
    address,
    device,
    classifier: model.classifier,
    get ready() {
      return model.ready;
    },
    get current() {
      return models.get(key) === model;
    },
    turn(work) {
      const turn = model.tail.then(work);
      model.tail = turn.catch(() => {});
      return turn;
    },
    forget: () => forget(key, model),
    release() {
      if (!model.listeners.delete(listener) || model.listeners.size > 0) return;
      forget(key, model);
      model.loading.abort();
      model.classifier.then((classifier) => classifier.dispose()).catch(() => {});
    },
  };
}

function openModel(key: string, address: string, device: DeviceChoice): SharedModel {
  const loading = new AbortController();
  const listeners: SharedModel["listeners"] = new Set();
  const onProgress = seldom((progress) => {
    for (const listener of listeners) listener(progress);
  });
  const classifier = ImageClassifier.load(address, { device, onProgress, signal: loading.signal });
  const model: SharedModel = { classifier, loading, listeners, ready: false, tail: Promise.resolve() };
  classifier.then(
    () => {
      model.ready = true;
    },
    () => forget(key, model),
  );
  models.set(key, model);
  return model;
}

function forget(key: string, model: SharedModel): void {
  if (models.get(key) === model) models.delete(key);
}

/** Leaves out what comes too soon after another of the same stage, but never the last byte. */
function seldom(listener: (progress: LoadProgress) => void): (progress: LoadProgress) => void {
  let told = Number.NEGATIVE_INFINITY;
  let stage: string | undefined;
  return (progress) => {
    const now = performance.now();
    const last = progress.loaded === progress.total;
    if (progress.stage === stage && !last && now - told < PROGRESS_INTERVAL_MS) return;
    told = now;
    stage = progress.stage;
    listener(progress);
  };
}

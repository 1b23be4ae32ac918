// One copy of a model for all elements of a page that name it: loaded by the first, disposed after the last.

import { part } from "../errors/part.ts";
import {
  type DeviceChoice,
  ImageClassifier,
  type LoadOptions,
  type LoadProgress,
  ModelLoadError,
} from "../index.ts";
import type { ZeroShotClassifier } from "../zeroshot/index.ts";
import { borrow } from "./borrowed.ts";
import { inTurn, type Lent, type ModelLease, type Queue } from "./lease.ts";
import { modelAddress } from "./source.ts";

/** The interval of XMLHttpRequest's progress events. */
const PROGRESS_INTERVAL_MS = 50;

interface SharedModel extends Queue {
  readonly classifier: Promise<ImageClassifier | ZeroShotClassifier>;
  readonly loading: AbortController;
  /** One for each lease. */
  readonly listeners: Set<(progress: LoadProgress) => void>;
  ready: boolean;
}

/** By device and address, and whether for labels of a page's own, and in the worker. */
const models = new Map<string, SharedModel>();

/** The model that an element requests; `classifier` takes precedence. */
export interface Wanted {
  readonly classifier: Lent | null;
  readonly model: string;
  readonly device: DeviceChoice;
  readonly labels: readonly string[];
  readonly worker: boolean;
}

/**
 * The same lease as long as model, labels and device are the same; a model that did not load, or is broken, is loaded again.
 * @throws ModelLoadError without a model
 */
export function renewLease(
  lease: ModelLease | undefined,
  { classifier, model, device, labels, worker }: Wanted,
  onProgress: (progress: LoadProgress) => void,
): ModelLease {
  if (classifier) return borrow(lease, classifier);
  if (!model)
    throw new ModelLoadError(
      "vit-classifier: expected a model, got none. Set the attribute model to a Hub id or a URL, or the property classifier.",
    );
  const address = modelAddress(model);
  const same = lease?.address === address && lease.device === device && lease.worker === worker;
  if (lease?.current && same && String(lease.labels) === String(labels)) return lease;
  // Lease the new one first: other labels have the same model, which would be disposed with its last lease.
  const next = leaseModel(address, device, labels, worker, onProgress);
  lease?.release();
  return next;
}

/** A lease of the model at `address` on `device`; `onProgress` is called during the download. */
function leaseModel(
  address: string,
  device: DeviceChoice,
  labels: readonly string[],
  worker: boolean,
  onProgress: (progress: LoadProgress) => void,
): ModelLease {
  const own = labels.length > 0;
  const key = `${device} ${own} ${worker} ${address}`;
  // Without the attribute, the library decides.
  const options = { device, ...(worker && { worker }) };
  const model = models.get(key) ?? openModel(key, address, own, options);
  // A function of its own, for two leases may name one callback.
  const listener = (progress: LoadProgress) => onProgress(progress);
  model.listeners.add(listener);
  return {
    address,
    device,
    labels,
    worker,
    classifier: model.classifier.then((it) => ("withLabels" in it ? it.withLabels(labels) : it)),
    get ready() {
      return model.ready;
    },
    get current() {
      return models.get(key) === model;
    },
    turn: (work) => inTurn(model, work),
    forget: () => forget(key, model),
    release() {
      if (!model.listeners.delete(listener) || model.listeners.size > 0) return;
      forget(key, model);
      model.loading.abort();
      model.classifier.then((classifier) => classifier.dispose()).catch(() => {});
    },
  };
}

function openModel(key: string, address: string, own: boolean, options: LoadOptions): SharedModel {
  const loading = new AbortController();
  const listeners: SharedModel["listeners"] = new Set();
  const onProgress = seldom((progress) => {
    for (const listener of listeners) listener(progress);
  });
  const classifier = load(own, address, { ...options, onProgress, signal: loading.signal });
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

async function load(own: boolean, address: string, options: LoadOptions) {
  if (!own) return ImageClassifier.load(address, options);
  return (await part(import("../zeroshot/index.ts"))).ZeroShotClassifier.load(address, options);
}

function forget(key: string, model: SharedModel): void {
  if (models.get(key) === model) models.delete(key);
}

/** Drops updates that follow another of the same stage too soon, but never the last byte. */
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

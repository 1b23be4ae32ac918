/** `vit8/worker`: the module worker behind `ImageClassifier.load(model, { worker: true })`. */
import { ImageClassifier } from "../classifier/image-classifier.ts";
import type { Picture } from "../classifier/picture.ts";
import {
  type Loaded,
  type LoadRequest,
  type Numbered,
  type Ran,
  type Reply,
  type Request,
  type RunRequest,
  sendError,
} from "./messages.ts";

const classifiers = new Map<number, ImageClassifier>();
const running = new Map<number, AbortController>();

addEventListener("message", ({ data }: MessageEvent<Numbered<Request>>) => {
  if (data.type === "abort") abort(data.id);
  else void answer(data);
});

/** A model that was loaded when the page no longer wanted it goes. */
function abort(id: number): void {
  if (running.has(id)) running.get(id)?.abort();
  else void dispose(id);
}

async function answer(request: Numbered<Exclude<Request, { type: "abort" }>>): Promise<void> {
  const { id } = request;
  const controller = new AbortController();
  running.set(id, controller);
  try {
    reply(id, { value: await perform(request, controller.signal) });
  } catch (error) {
    reply(id, { error: sendError(error) });
  } finally {
    running.delete(id);
  }
}

function perform(request: Numbered<Exclude<Request, { type: "abort" }>>, signal: AbortSignal) {
  if (request.type === "load") return load(request, signal);
  return request.type === "run" ? run(request, signal) : dispose(request.classifier);
}

async function load({ id, model, options }: Numbered<LoadRequest>, signal: AbortSignal): Promise<Loaded> {
  const classifier = await ImageClassifier.load(model, {
    ...options,
    signal,
    onProgress: (progress) => reply(id, { progress }),
  });
  classifiers.set(id, classifier);
  const { labels, framing, report } = classifier;
  return { labels, framing, report };
}

async function run(request: RunRequest, signal: AbortSignal): Promise<Ran> {
  const { method, input, topK, settled } = request;
  const owner = classifiers.get(request.classifier)!;
  try {
    const value: unknown = await owner[method](
      input as Picture,
      { topK, settled, signal } as { topK?: number },
    );
    return {
      value: settled ? (value as PromiseSettledResult<unknown>[]).map(sendable) : value,
      report: owner.report,
    };
  } finally {
    for (const picture of Array.isArray(input) ? input : [input]) picture?.close?.();
  }
}

const sendable = (result: PromiseSettledResult<unknown>) =>
  result.status === "fulfilled" ? result : { ...result, reason: sendError(result.reason) };

async function dispose(classifier: number): Promise<void> {
  await classifiers.get(classifier)?.dispose();
  classifiers.delete(classifier);
}

function reply(id: number, message: Reply): void {
  postMessage({ id, ...message });
}

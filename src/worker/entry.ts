/** `vit8/worker`: the module worker behind `ImageClassifier.load(model, { worker: true })`. */
import type { LoadOptions, Platform } from "../classifier/api.ts";
import { LocalClassifier, pagePlatform } from "../classifier/local-classifier.ts";
import type { Picture } from "../classifier/picture.ts";
import { LocalTextTower } from "../text/text-tower.ts";
import { takeParts, threadLoop } from "../wasm/thread.ts";
import { startingWith } from "./ahead.ts";
import {
  type EncodeRequest,
  type Loaded,
  type LoadedText,
  type LoadRequest,
  type LoadTextRequest,
  type Numbered,
  type Ran,
  type Reply,
  type Request,
  type RunRequest,
  sendError,
} from "./messages.ts";
import { type ThreadRequest, workerThreads } from "./threads.ts";

const platform: Platform<Picture> = { ...pagePlatform, threads: async () => workerThreads() };
const classifiers = new Map<number, LocalClassifier>();
const towers = new Map<number, LocalTextTower>();
const running = new Map<number, AbortController>();

addEventListener("message", ({ data }: MessageEvent<Numbered<Request> | ThreadRequest>) => {
  if (data.type === "thread")
    threadLoop({ ...data.start, take: takeParts, ready: () => postMessage("ready") });
  else if (data.type === "abort") running.get(data.id)?.abort();
  else void answer(data);
});

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
  if (request.type === "load text") return loadText(request, signal);
  if (request.type === "encode") return encode(request, signal);
  return request.type === "run" ? run(request, signal) : dispose(request.classifier);
}

async function load(request: Numbered<LoadRequest>, signal: AbortSignal): Promise<Loaded> {
  const { id, model, why, texts = new Map() } = request;
  const onProgress: LoadOptions["onProgress"] = (progress) => reply(id, { progress });
  const options = { ...request.options, signal, onProgress };
  const openFolder: typeof platform.openFolder = async (...source) =>
    startingWith(texts, await platform.openFolder(...source));
  const classifier = await LocalClassifier.loadOn({ ...platform, openFolder }, model, options, why);
  classifiers.set(id, classifier);
  const { labels, framing, report } = classifier;
  return { labels, framing, report };
}

async function loadText(request: Numbered<LoadTextRequest>, signal: AbortSignal): Promise<LoadedText> {
  const { id, model } = request;
  const onProgress: LoadOptions["onProgress"] = (progress) => reply(id, { progress });
  const options = { ...request.options, signal, onProgress };
  const tower = await LocalTextTower.loadOn(platform, await platform.openFolder(model, options), options);
  towers.set(id, tower);
  return { logits: tower.logits, report: tower.report };
}

async function encode({ tower, texts }: EncodeRequest, signal: AbortSignal): Promise<Ran> {
  const owner = towers.get(tower)!;
  const value = await owner.encode(texts, signal);
  return { value, report: owner.report };
}

async function run(request: RunRequest, signal: AbortSignal): Promise<Ran> {
  const { method, input, options } = request;
  const owner = classifiers.get(request.classifier)!;
  try {
    const ask = owner[method] as (input: unknown, options: object) => Promise<unknown>;
    const value = await ask.call(owner, input, { ...options, signal });
    return {
      value: options.settled ? (value as PromiseSettledResult<unknown>[]).map(sendable) : value,
      report: owner.report,
    };
  } finally {
    for (const picture of Array.isArray(input) ? input : [input]) picture?.close?.();
  }
}

const sendable = (result: PromiseSettledResult<unknown>) =>
  result.status === "fulfilled" ? result : { ...result, reason: sendError(result.reason) };

async function dispose(classifier: number): Promise<void> {
  await (classifiers.get(classifier) ?? towers.get(classifier))?.dispose();
  classifiers.delete(classifier);
  towers.delete(classifier);
}

function reply(id: number, message: Reply): void {
  postMessage({ id, ...message });
}

// Informs the page that this script runs.
reply(0, { value: undefined });

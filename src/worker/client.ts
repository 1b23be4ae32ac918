// The page's side of a classifier that runs in a worker: the same methods, each a message.

import type {
  ClassifyOptions,
  EachOptions,
  EachResult,
  EmbedOptions,
  ImageClassifier,
  KeyedPicture,
  LoadOptions,
  Report,
  SettledOptions,
} from "../classifier/api.ts";
import { CLASSIFY, EMBED, MANY, ONE } from "../classifier/call-options.ts";
import type { Detection, DetectOptions, Found } from "../classifier/detect.ts";
import type { Reason } from "../classifier/device.ts";
import type { Features, Profile } from "../classifier/engine.ts";
import { LocalClassifier, pagePlatform } from "../classifier/local-classifier.ts";
import { loadKept } from "../classifier/model.ts";
import { numbered } from "../classifier/numbered.ts";
import type { Picture } from "../classifier/picture.ts";
import { checkCall, checkNames } from "../errors/check.ts";
import { PictureError, UnsupportedDeviceError, UnsupportedModelError } from "../errors/errors.ts";
import { isA } from "../errors/is-a.ts";
import { part } from "../errors/part.ts";
import { until } from "../errors/until.ts";
import { contentsByPath } from "../format/files-folder.ts";
import {
  type FileContents,
  isFolder,
  type ModelSource,
  type NamedContents,
  nameOfModel,
} from "../format/folder.ts";
import { inFull } from "../format/url-folder.ts";
import type { Framing } from "../image/geometry.ts";
import type { AttentionMap } from "../lower/attention-map.ts";
import { readAhead, type Texts } from "./ahead.ts";
import { Channel } from "./channel.ts";
import { type Loaded, type LoadRequest, type Method, receiveError } from "./messages.ts";
import { sendable, transferables } from "./pictures.ts";
import { disposeOf, Remote } from "./remote.ts";

/**
 * `ImageClassifier.load` in a module worker; on the page's own thread where no worker starts and none was requested. Throws the same errors.
 * @param why the CPU is taken, where WebGPU was tried before
 * @throws UnsupportedDeviceError where a worker was requested, and none starts
 */
export async function loadInWorker(
  model: ModelSource,
  options: LoadOptions,
  why?: Reason,
): Promise<ImageClassifier> {
  const { worker, signal } = options;
  checkCall(options);
  const channel = Channel.acquire();
  const reading = readAhead(model, options);
  let source: LoadRequest["model"];
  try {
    await until(signal, channel.started);
    source = sendableModel(model);
  } catch (error) {
    channel.release();
    if (signal?.aborted) throw error;
    if (worker) throw askedFor(error);
    return loadHere(model, options, error as Reason, why);
  }
  try {
    const ahead = await until(signal, reading);
    const texts = [ahead?.texts];
    const load = () => loadThrough(channel, source, options, why, texts.pop());
    return await (ahead ? loadKept(ahead.folder, load) : load());
  } catch (error) {
    channel.release(signal?.aborted ? 500 : 0);
    throw error;
  }
}

async function loadThrough(
  channel: Channel,
  model: LoadRequest["model"],
  { signal, onProgress, ...rest }: LoadOptions,
  why: Reason | undefined,
  texts?: Texts,
): Promise<ImageClassifier> {
  const id = channel.nextId();
  const sent = sendableOptions(rest);
  const options = why === undefined ? sent : { ...sent, device: "cpu" as const };
  const onLate = () => void disposeOf(channel, id);
  const request = { id, type: "load", model, options, why, texts } as const;
  const loaded = await channel.call<Loaded>(request, { signal, onProgress, onLate });
  return new WorkerClassifier(new Remote(channel, id, loaded.report), loaded);
}

export function sendableOptions({
  signal,
  onProgress,
  endpoint,
  ...rest
}: LoadOptions): LoadRequest["options"] {
  const address = endpoint && (inFull(String(endpoint))?.href ?? String(endpoint));
  return { ...rest, worker: false, endpoint: address };
}

/** On the page's own thread, with the reason in the report. */
function loadHere(
  model: ModelSource,
  options: LoadOptions,
  noWorker: Reason,
  why: Reason = { message: "as requested.", remedy: "" },
): Promise<ImageClassifier> {
  const blocked = `It blocks the page's own thread, because there is no worker: ${reasonOf(noWorker)}`;
  const advice = {
    reason: `${reasonOf(why)} ${blocked}`,
    remedy: [why.remedy, noWorker.remedy].filter(Boolean).join(" "),
  };
  return LocalClassifier.loadOn(
    pagePlatform,
    model,
    { ...options, device: "cpu" },
    { ...why, ...advice, message: `${advice.reason} ${advice.remedy}` },
  );
}

const reasonOf = ({ message, reason = message }: Reason) => reason;

function askedFor(error: unknown): unknown {
  if (!(error instanceof UnsupportedDeviceError)) return error;
  const { reason, remedy, cause } = error;
  return new UnsupportedDeviceError(reason, {
    cause,
    remedy: `${remedy} Or load without { worker: true }.`.trim(),
  });
}

class WorkerClassifier implements ImageClassifier {
  readonly labels: readonly string[];
  readonly framing: Framing;
  readonly #remote: Remote;

  constructor(remote: Remote, { labels, framing }: Loaded) {
    this.#remote = remote;
    this.labels = labels;
    this.framing = framing;
  }

  get report(): Report {
    return this.#remote.report;
  }

  readonly classify = (async (input: Picture | readonly Picture[], options: RunOptions = {}) => {
    checkNames(options, CLASSIFY);
    return this.#run("classify", input, options);
  }) as ImageClassifier["classify"];

  readonly logits = (async (input: Picture | readonly Picture[], options: RunOptions = {}) => {
    checkNames(options, MANY);
    return this.#run("logits", input, options);
  }) as ImageClassifier["logits"];

  async *classifyEach<K>(
    pictures: AsyncIterable<KeyedPicture<Picture, K>> | Iterable<KeyedPicture<Picture, K>>,
    options: EachOptions = {},
  ): AsyncGenerator<EachResult<K>> {
    const { classifyEach } = await part(import("../classifier/each.ts"));
    yield* classifyEach(this, pictures, options);
  }

  readonly embed = (async (input: Picture | readonly Picture[], options: EmbedOptions & RunOptions = {}) => {
    checkNames(options, EMBED);
    const { pooling = "model", tokens, ...rest } = options;
    if (pooling === "model" && !tokens) return this.#run("embed", input, rest);
    const { pooledEmbedding } = await part(import("../classifier/pooled.ts"));
    const features = (picture: Picture) => this.#run<Features>("features", picture, options);
    return pooledEmbedding(this.report.model, input, options, features);
  }) as ImageClassifier["embed"];

  async detect(picture: Picture, options: DetectOptions = {}): Promise<Detection[]> {
    const { detections } = await part(import("../classifier/detect.ts"));
    return detections(this.labels, picture, options, (picture) =>
      this.#run<Found>("found", picture, { signal: options.signal }),
    );
  }

  async attention(picture: Picture, options: { signal?: AbortSignal } = {}): Promise<AttentionMap> {
    checkNames(options, ONE);
    return this.#run("attention", picture, options);
  }

  profile(picture: Picture): Promise<Profile> {
    return this.#run("profile", picture);
  }

  dispose(): Promise<void> {
    return this.#remote.dispose();
  }

  async #run<T>(method: Method, input: Picture | readonly Picture[], options: RunOptions = {}): Promise<T> {
    this.#remote.mustBeOpen();
    checkCall({ signal: options.signal });
    const many = Array.isArray(input);
    if (many && options.settled) return (await this.#runEach(method, input, options)) as T;
    const { signal } = options;
    const opening = many
      ? input.map((picture, i) => sendableOf(picture, i, input.length, signal))
      : [sendable(input as Picture, signal)];
    try {
      const sent = await until(signal, Promise.all(opening));
      return (await this.#ask(method, many ? sent : sent[0], options)) as T;
    } finally {
      // Transferred images are closed already. Others, and those that open after an abort, are closed here.
      for (const picture of opening) picture.then(closeBitmap, () => {});
    }
  }

  /** Images that cannot be sent get their result here, the others get the worker's. */
  async #runEach(method: Method, input: readonly Picture[], options: RunOptions): Promise<Settled[]> {
    const sent = await until(
      options.signal,
      Promise.allSettled(input.map((picture) => sendableAlone(picture, options.signal))),
    );
    const pictures = sent.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    const answers = (await this.#ask(method, pictures, options)) as Settled[];
    return sent.map((result) => {
      const answer = result.status === "fulfilled" ? answers.shift()! : result;
      return answer === result || answer.status === "fulfilled"
        ? answer
        : { status: "rejected", reason: receiveError(answer.reason) };
    });
  }

  async #ask(method: Method, input: unknown, { signal, ...options }: RunOptions): Promise<unknown> {
    const transfer = transferables(Array.isArray(input) ? input : [input]);
    const request = (classifier: number) => ({ type: "run", classifier, method, input, options }) as const;
    return this.#remote.ask(request, { signal, transfer }).catch((error) => {
      throw refusal(error, transfer.length > 0);
    });
  }
}

type RunOptions = ClassifyOptions & Partial<SettledOptions>;
type Settled = PromiseSettledResult<unknown>;

const sendableOf = (picture: Picture, index: number, count: number, signal?: AbortSignal) =>
  sendable(picture, signal).catch((error) => {
    throw numbered(error, index, count);
  });

/** As `sendable`, and tested: a message is sent as a whole or not at all. */
async function sendableAlone(picture: Picture, signal?: AbortSignal): Promise<unknown> {
  const sent = await sendable(picture, signal);
  const transfer = transferables([sent]);
  try {
    return structuredClone(sent, { transfer });
  } catch (error) {
    throw refusal(error, transfer.length > 0);
  }
}

function closeBitmap(picture: unknown): void {
  for (const bitmap of transferables([picture])) (bitmap as ImageBitmap | VideoFrame).close();
}

/** `postMessage` moves no pixels that the page itself may not read, and takes nothing that is alive. */
function refusal(error: unknown, isBitmap: boolean): unknown {
  if (!(isA(error, "DOMException") && error.name === "DataCloneError")) return error;
  const why = isBitmap
    ? "the pixels cannot be read: it is from another site without CORS"
    : "is not an image";
  return new PictureError(`image: ${why}`, { cause: error });
}

/** A worker has its own URL, and files lose their folder when they are posted: both are sent in full. */
export function sendableModel(model: ModelSource): string | Record<string, FileContents> {
  const name = nameOfModel(model);
  if (name !== undefined) return sendableAddress(name);
  if (isFolder(model))
    throw new UnsupportedModelError(
      "model: expected a Hub id, a URL, files or bytes for a worker, got a custom ModelFolder.",
    );
  return Object.fromEntries(contentsByPath(model as Iterable<File> | NamedContents));
}

function sendableAddress(address: string): string {
  const url = /^\.{0,2}\//.test(address) ? inFull(address) : undefined;
  // The slash distinguishes a folder from a page of the Hub if the endpoint has the same origin.
  if (url) url.pathname = url.pathname.replace(/\/*$/, "/");
  return url?.href ?? address;
}

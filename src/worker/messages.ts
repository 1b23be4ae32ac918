// The messages between a page and its worker. Every request has a number from 1, and one reply with that number that is not progress. A
// reply to 0 means that the worker runs.

import type { LoadOptions, Report } from "../classifier/api.ts";
import type { Advice, Reason } from "../classifier/device.ts";
import type { LoadProgress } from "../classifier/model.ts";
import type * as errors from "../errors/errors.ts";
import {
  DeviceError,
  DeviceLostError,
  DisposedError,
  LibraryLoadError,
  ModelFormatError,
  ModelLoadError,
  PictureError,
  SelfTestError,
  ShaderError,
  UnsupportedDeviceError,
  UnsupportedModelError,
  Vit8Error,
} from "../errors/errors.ts";
import type { FileContents } from "../format/folder.ts";
import type { Framing } from "../image/geometry.ts";
import type { Logits } from "../text/tower.ts";
import type { Texts } from "./ahead.ts";

export type Method = "classify" | "logits" | "embed" | "features" | "found" | "attention" | "profile";

export interface LoadRequest {
  readonly type: "load";
  /** A Hub id, an address in full, or contents by path. */
  readonly model: string | Record<string, FileContents>;
  /** All that can be sent; addresses as text. */
  readonly options: Omit<LoadOptions, "signal" | "onProgress" | "endpoint"> & { readonly endpoint?: string };
  /** The CPU is requested, where WebGPU was tried before. */
  readonly why?: Reason;
  /** What the page has read of the folder. */
  readonly texts?: Texts;
}

/** The text tower of the same model, whose classifier has a number of its own. */
export interface LoadTextRequest extends Omit<LoadRequest, "type" | "why" | "texts"> {
  readonly type: "load text";
}

export interface EncodeRequest {
  readonly type: "encode";
  /** The number of the request that loaded it. */
  readonly tower: number;
  /** Token ids of each. */
  readonly texts: readonly (readonly number[])[];
}

export interface RunRequest {
  readonly type: "run";
  /** The number of the request that loaded it. */
  readonly classifier: number;
  readonly method: Method;
  /** One image or many. ImageBitmaps and VideoFrames become the worker's own: it closes them. */
  readonly input: unknown;
  /** With `settled`, each of many has a result of its own, whose `reason` is a SentError. */
  readonly options: { readonly topK?: number; readonly settled?: true };
}

export type Request =
  | LoadRequest
  | LoadTextRequest
  | EncodeRequest
  | RunRequest
  | { readonly type: "dispose"; readonly classifier: number }
  /** Aborts the request with the same number; has no reply. */
  | { readonly type: "abort" };

export interface Loaded {
  readonly labels: readonly string[];
  readonly framing: Framing;
  readonly report: Report;
}

export interface LoadedText {
  readonly logits: Logits;
  readonly report: Report;
}

export interface Ran {
  readonly value: unknown;
  readonly report: Report;
}

export type Reply =
  | { readonly progress: LoadProgress }
  | { readonly value: unknown }
  | { readonly error: SentError };

export type Numbered<T> = T & { readonly id: number };

/** An error of vit8 by the name that its class is exported under, which minifying does not change; any other as it is. */
export type SentError =
  | { readonly name: string; readonly message: string; readonly wgsl?: string; readonly remedy?: string }
  | { readonly other: unknown };

// By name, because a namespace object would make a chunk of the bundler's own, and a round trip for it.
const classes: Record<string, unknown> = {
  DeviceError,
  DeviceLostError,
  DisposedError,
  LibraryLoadError,
  ModelFormatError,
  ModelLoadError,
  PictureError,
  SelfTestError,
  ShaderError,
  UnsupportedDeviceError,
  UnsupportedModelError,
  Vit8Error,
} satisfies Record<keyof typeof errors, unknown>;

export function sendError(error: unknown): SentError {
  const name = Object.keys(classes).find((key) => (error as Error)?.constructor === classes[key]);
  if (!name) return { other: error };
  const { message, wgsl, reason = message, remedy } = error as ShaderError & Partial<Advice>;
  return { name, message: reason, wgsl, remedy };
}

export function receiveError(sent: SentError): unknown {
  if ("other" in sent) return sent.other;
  const { name, message, wgsl = "", remedy } = sent;
  if (name === "ShaderError") return new ShaderError(message, wgsl);
  if (name === "UnsupportedDeviceError") return new UnsupportedDeviceError(message, { remedy });
  return new (classes[name] as typeof Vit8Error)(message);
}

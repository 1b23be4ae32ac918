import { visible } from "./visible.ts";

/** The `code` of every error class, one for each. */
export type ErrorCode =
  | "VIT8_ERROR"
  | "UNSUPPORTED_DEVICE"
  | "UNSUPPORTED_MODEL"
  | "INVALID_MODEL"
  | "MODEL_LOAD_FAILED"
  | "LIBRARY_LOAD_FAILED"
  | "INVALID_IMAGE"
  | "SHADER_FAILED"
  | "DEVICE_FAILED"
  | "DEVICE_LOST"
  | "SELF_TEST_FAILED"
  | "DISPOSED";

/**
 * The base class of every error that vit8 throws intentionally. The message has one form: `<subject>: expected <X>, got <Y>. <What to do>.`
 * `name` and `code` survive minifying, and are the same in two copies of the library; `instanceof` is not.
 */
export class Vit8Error extends Error {
  override name = "Vit8Error";
  /** Stable across versions: compare this, never the message. */
  readonly code: ErrorCode = "VIT8_ERROR";
  constructor(message: string, options?: ErrorOptions) {
    // Messages quote untrusted text (labels, file names, server responses) and may be printed on a terminal.
    super(visible(message), options);
  }
}

/** WebGPU is not available, the adapter lacks a limit or a feature that vit8 needs, or a worker could not be started. */
export class UnsupportedDeviceError extends Vit8Error {
  override name = "UnsupportedDeviceError";
  override readonly code = "UNSUPPORTED_DEVICE";
  /** The reason: the first part of the message. */
  readonly reason: string;
  /** What to do about it: the rest of the message; empty if there is nothing. */
  readonly remedy: string;
  constructor(reason: string, { remedy = "", ...options }: ErrorOptions & { readonly remedy?: string } = {}) {
    super(`${reason} ${remedy}`.trim(), options);
    this.reason = visible(reason);
    this.remedy = remedy;
  }
}

/** The model's architecture, options or tensors are not supported, or the call does not fit the model. */
export class UnsupportedModelError extends Vit8Error {
  override name = "UnsupportedModelError";
  override readonly code = "UNSUPPORTED_MODEL";
}

/** A model file is damaged: truncated, inconsistent, or not the format its name suggests. */
export class ModelFormatError extends Vit8Error {
  override name = "ModelFormatError";
  override readonly code = "INVALID_MODEL";
}

/** A model file could not be downloaded or read. */
export class ModelLoadError extends Vit8Error {
  override name = "ModelLoadError";
  override readonly code = "MODEL_LOAD_FAILED";
}

/** A lazy-loaded chunk of vit8 itself failed to load. */
export class LibraryLoadError extends Vit8Error {
  override name = "LibraryLoadError";
  override readonly code = "LIBRARY_LOAD_FAILED";
}

/** An image cannot be decoded, or its format or size is not supported. */
export class PictureError extends Vit8Error {
  override name = "PictureError";
  override readonly code = "INVALID_IMAGE";
}

/** A shader failed to compile. */
export class ShaderError extends Vit8Error {
  override name = "ShaderError";
  override readonly code = "SHADER_FAILED";
  /** The linked WGSL source. */
  readonly wgsl: string;
  constructor(message: string, wgsl: string, options?: ErrorOptions) {
    super(message, options);
    this.wgsl = wgsl;
  }
}

/** The GPU ran out of memory or rejected a command, or the worker stopped. */
export class DeviceError extends Vit8Error {
  override name = "DeviceError";
  override readonly code = "DEVICE_FAILED";
}

/** The GPU device was lost, for example by a driver reset, and so was its replacement. */
export class DeviceLostError extends Vit8Error {
  override name = "DeviceLostError";
  override readonly code = "DEVICE_LOST";
}

/** Every variant of a kernel failed its self-test on this driver. */
export class SelfTestError extends Vit8Error {
  override name = "SelfTestError";
  override readonly code = "SELF_TEST_FAILED";
}

/** A method was called on a disposed classifier. */
export class DisposedError extends Vit8Error {
  override name = "DisposedError";
  override readonly code = "DISPOSED";
}

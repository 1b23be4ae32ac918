import { visible } from "./visible.ts";

/**
 * Every error vit8 throws on purpose: says who, what was expected, what came, and what to do. Its `name` stays when code is minified,
 * and is the same in two copies of the library.
 */
export class Vit8Error extends Error {
  override name = "Vit8Error";
  constructor(message: string, options?: ErrorOptions) {
    // It quotes names and words of strangers, and ends on somebody's terminal.
    super(visible(message), options);
  }
}

/** No WebGPU, or an adapter below what vit8 needs. */
export class UnsupportedDeviceError extends Vit8Error {
  override name = "UnsupportedDeviceError";
}

/** A model whose architecture, options or tensors vit8 does not run. */
export class UnsupportedModelError extends Vit8Error {
  override name = "UnsupportedModelError";
}

/** A model file that is damaged: truncated, inconsistent, not what its name says. */
export class ModelFormatError extends Vit8Error {
  override name = "ModelFormatError";
}

/** A model file that could not be fetched or read. */
export class ModelLoadError extends Vit8Error {
  override name = "ModelLoadError";
}

/** A part of vit8 itself, fetched when it is needed, that did not load. */
export class LibraryLoadError extends Vit8Error {
  override name = "LibraryLoadError";
}

/** A picture that cannot be decoded, or is of a kind or size vit8 does not take. */
export class PictureError extends Vit8Error {
  override name = "PictureError";
}

/** A shader that did not compile; carries the linked WGSL and the compiler's messages. */
export class ShaderError extends Vit8Error {
  override name = "ShaderError";
  readonly wgsl: string;
  constructor(message: string, wgsl: string, options?: ErrorOptions) {
    super(message, options);
    this.wgsl = wgsl;
  }
}

/** The GPU ran out of memory, or refused a command. */
export class DeviceError extends Vit8Error {
  override name = "DeviceError";
}

/** The GPU was lost, as by a driver's reset, and the one in its place too. */
export class DeviceLostError extends Vit8Error {
  override name = "DeviceLostError";
}

/** Every variant of a kernel computed a wrong answer on this driver. */
export class SelfTestError extends Vit8Error {
  override name = "SelfTestError";
}

/** A call on a classifier that was disposed. */
export class DisposedError extends Vit8Error {
  override name = "DisposedError";
}

// `instanceof` across realms: a value made in an iframe or a popup has other constructors.

interface Types {
  readonly Blob: Blob;
  readonly DOMException: DOMException;
  readonly Error: Error;
  readonly HTMLCanvasElement: HTMLCanvasElement;
  readonly HTMLImageElement: HTMLImageElement;
  readonly HTMLVideoElement: HTMLVideoElement;
  readonly ImageBitmap: ImageBitmap;
  readonly OffscreenCanvas: OffscreenCanvas;
  readonly Uint8Array: Uint8Array;
  readonly Uint8ClampedArray: Uint8ClampedArray;
  readonly URL: URL;
  readonly VideoFrame: VideoFrame;
}

/** Whether `value` is an instance of `name`, in any realm; also for classes that a worker or Node may lack. */
export function isA<Name extends keyof Types>(value: unknown, name: Name): value is Types[Name] {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  if (tag === name || (tag === "File" && name === "Blob")) return true;
  // A class that extends one of these may have its own tag.
  const type = (globalThis as Record<string, unknown>)[name];
  return typeof type === "function" && value instanceof type;
}

// What a value is, whichever realm made it: `instanceof` knows nothing of what an iframe or a popup made.

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

/** `instanceof` for every realm, and for classes that a worker or Node may lack. */
export function isA<Name extends keyof Types>(value: unknown, name: Name): value is Types[Name] {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  if (tag === name || (tag === "File" && name === "Blob")) return true;
  // A class that extends one of these may have a tag of its own.
  const type = (globalThis as Record<string, unknown>)[name];
  return typeof type === "function" && value instanceof type;
}

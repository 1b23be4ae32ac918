// Where an element's picture comes from: an address, or what the page put inside.

import { PictureError } from "../index.ts";

export type Source = HTMLImageElement | HTMLVideoElement | HTMLCanvasElement | File;

/**
 * A picture's address in full: of the web, of the page's own scheme, as in extensions and apps, or a picture itself (`blob:`,
 * `data:image/`). Throws PictureError for the schemes that name no picture, `javascript:` among them.
 */
export function pictureAddress(src: string): string {
  const url = src.trim() === "" ? undefined : parseAddress(src);
  const allowed =
    url && (/^(https?:|blob:|data:image\/)/.test(url.href) || url.protocol === location.protocol);
  if (allowed) return url.href;
  throw new PictureError(
    `src ${JSON.stringify(src.slice(0, 80))}: expected an http, https or blob address, or a data: URL of an image`,
  );
}

/** A path in full; a Hub id, and what names no model, as it is. */
export function modelAddress(model: string): string {
  return (/^\.{0,2}\//.test(model) && parseAddress(model)?.href) || model;
}

function parseAddress(src: string): URL | undefined {
  try {
    return new URL(src, document.baseURI);
  } catch {
    return undefined;
  }
}

/** The first picture among slotted elements and what is inside them; of a file input, the chosen file. */
export function findSource(slot: HTMLSlotElement): Source | undefined {
  const selector = "img, video, canvas, input[type=file]";
  for (const element of slot.assignedElements({ flatten: true })) {
    const found = element.matches(selector) ? element : element.querySelector(selector);
    if (found instanceof HTMLInputElement) return found.files?.[0];
    if (found && !isEmpty(found)) return found as Source;
  }
  return undefined;
}

/** Whether it was given no address or camera yet; its events will tell. */
function isEmpty(element: Element): boolean {
  if (element instanceof HTMLVideoElement) return element.networkState === element.NETWORK_EMPTY;
  return element instanceof HTMLImageElement && !element.src && !element.srcset;
}

/** Waits until the source has pixels. Throws PictureError when it says that none will come. */
export async function arrived(source: Source, signal: AbortSignal): Promise<void> {
  if (source instanceof HTMLImageElement && !source.complete) await eventOf(source, "load", signal);
  if (source instanceof HTMLVideoElement && source.readyState < source.HAVE_CURRENT_DATA)
    await eventOf(source, "loadeddata", signal);
}

/** Resolves when the video shows another frame. */
export function nextFrame(video: HTMLVideoElement, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(() => resolve());
    else requestAnimationFrame(() => resolve());
  });
}

function eventOf(
  element: HTMLImageElement | HTMLVideoElement,
  type: string,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    element.addEventListener(type, () => resolve(), { once: true, signal });
    const fail = () => reject(new PictureError(`${shortAddress(element)}: did not load, or is no picture`));
    if ("error" in element && element.error) return fail();
    element.addEventListener("error", fail, { once: true, signal });
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function shortAddress({ currentSrc, src }: HTMLImageElement | HTMLVideoElement): string {
  const address = currentSrc || src;
  return address.startsWith("data:") ? "data: URL" : address || "element without src";
}

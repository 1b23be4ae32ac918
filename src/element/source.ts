// The source of an element's image: a URL, or a child element.

import { decoded } from "../classifier/picture.ts";
import { until } from "../errors/until.ts";
import { PictureError } from "../index.ts";

type Slotted = HTMLImageElement | HTMLVideoElement | HTMLCanvasElement;
export type Source = Slotted | File;

/**
 * An image's address in full: of the web, of the page's own scheme, as in extensions and apps, or an image itself (`blob:`,
 * `data:image/`). Throws PictureError for the schemes that name no image, `javascript:` among them.
 */
export function pictureAddress(src: string): string {
  const url = src.trim() === "" ? undefined : parseAddress(src);
  const allowed =
    url && (/^(https?:|blob:|data:image\/)/.test(url.href) || url.protocol === location.protocol);
  if (allowed) return url.href;
  throw new PictureError(
    `src ${JSON.stringify(src.slice(0, 80))}: expected an http, https or blob URL, or a data: URL of an image.`,
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

/** The first image among slotted elements and their descendants; for a file input, the chosen file. */
export function findSource(slot: HTMLSlotElement): Source | undefined {
  const selector = "img, video, canvas, input[type=file]";
  for (const element of slot.assignedElements({ flatten: true })) {
    const found = element.matches(selector) ? element : element.querySelector(selector);
    if (found?.localName === "input") return (found as HTMLInputElement).files?.[0];
    if (found && !isEmpty(found as Slotted)) return found as Slotted;
  }
  return undefined;
}

/** By its name: it may have been made in another window. */
export function isVideo(source: Source | undefined): source is HTMLVideoElement {
  return source !== undefined && "localName" in source && source.localName === "video";
}

/** Whether it has no URL or camera yet; its events will follow. */
function isEmpty(element: Slotted): boolean {
  if (isVideo(element)) return element.networkState === element.NETWORK_EMPTY || isEmptied(element);
  if (!("srcset" in element) || element.src || element.srcset) return false;
  return !element.closest("picture")?.querySelector("source");
}

/** Whether its URL or camera was taken away: in Chromium it looks for another one first, and is empty a moment later. */
function isEmptied(video: HTMLVideoElement): boolean {
  const hasSource = video.srcObject || video.src || video.querySelector("source");
  return video.networkState === video.NETWORK_NO_SOURCE && !hasSource;
}

/** Waits until the source has pixels. Throws PictureError if it fails to load. */
export async function arrived(source: Source, signal: AbortSignal): Promise<void> {
  if (isVideo(source)) {
    if (source.readyState < source.HAVE_CURRENT_DATA) await eventOf(source, "loadeddata", signal);
  } else if ("complete" in source && !source.complete && source.loading !== "lazy")
    await eventOf(source, "load", signal).catch(async (error) => {
      if (signal.aborted) throw error;
      (await decoded(source, signal)).close(); // the decoder gives the exact error, or reads the file anyway
    });
}

/** Resolves when the video shows another frame. */
export async function nextFrame(video: HTMLVideoElement, signal: AbortSignal): Promise<void> {
  const byVideo = "requestVideoFrameCallback" in video;
  let handle = 0;
  const frame = new Promise<unknown>((resolve) => {
    handle = byVideo ? video.requestVideoFrameCallback(resolve) : requestAnimationFrame(resolve);
  });
  try {
    await until(signal, frame);
  } catch (reason) {
    if (byVideo) video.cancelVideoFrameCallback(handle);
    else cancelAnimationFrame(handle);
    throw reason;
  }
}

async function eventOf(
  element: HTMLImageElement | HTMLVideoElement,
  type: string,
  signal: AbortSignal,
): Promise<void> {
  const heard = new AbortController();
  const options = { once: true, signal: heard.signal };
  const event = new Promise<unknown>((resolve, reject) => {
    const fail = () =>
      reject(
        new PictureError(
          `${shortAddress(element)}: expected an image, but it did not load. Check its URL and format.`,
        ),
      );
    // Each <source> of a video has its own error; after that of the last, the video has none.
    const check = () => setTimeout(() => hasFailed(element) && fail());
    check();
    element.addEventListener(type, resolve, options);
    element.addEventListener("error", check, { capture: true, signal: heard.signal });
  });
  try {
    await until(signal, event);
  } finally {
    heard.abort();
  }
}

function hasFailed(element: HTMLImageElement | HTMLVideoElement): boolean {
  if ("srcset" in element) return element.complete && element.naturalWidth === 0;
  return element.error !== null || element.networkState === element.NETWORK_NO_SOURCE;
}

function shortAddress({ currentSrc, src }: HTMLImageElement | HTMLVideoElement): string {
  const address = currentSrc || src;
  return address.startsWith("data:") ? "data: URL" : address || "element without src";
}

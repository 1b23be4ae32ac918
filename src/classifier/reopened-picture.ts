// Images that the browser does not decode directly: downloads an image given by its URL and a lazy image, draws an SVG, and names the
// format of anything else.

import { PictureError } from "../errors/errors.ts";
import { isA } from "../errors/is-a.ts";
import { until } from "../errors/until.ts";
import { bytesOf } from "../image/encoded-size.ts";
import { formatName, markupText } from "../image/format-name.ts";
import { checkPictureSize } from "../image/picture.ts";
import { sizedSvg } from "../image/svg.ts";
import { fetchedPicture, isUrl } from "./fetched-picture.ts";
import { bitmapOptions, checkImageSize, nameOf, type Picture, type PixelData } from "./picture-kinds.ts";

const HEAD_BYTES = 65_536;
const MAX_SVG_BYTES = 2 ** 26;
/** Formats for which the file is more likely at fault than the browser. */
const COMMON = ["PNG", "JPEG", "GIF", "BMP", "WebP", "ICO"];

type Decode = (picture: Blob | HTMLImageElement, signal?: AbortSignal) => Promise<ImageBitmap>;

/**
 * @param decode decodes an image that is fetched here
 * @param cause why the image was not decoded; undefined for an image that has not been loaded yet
 * @throws PictureError that names the format, or the reason
 */
export async function reopened(
  picture: Blob | HTMLImageElement,
  cause: unknown,
  signal: AbortSignal | undefined,
  decode: Decode,
): Promise<ImageBitmap> {
  if (typeof createImageBitmap === "undefined")
    throw new PictureError(
      `${nameOf(picture)}: this platform does not decode images. Pass { width, height, rgba }, or in Node import vit8/node.`,
      { cause },
    );
  if (isA(picture, "Blob")) return ofFile(picture, cause, signal);
  return picture.loading === "lazy" && !picture.complete
    ? ofLazyImage(picture, decode, signal)
    : ofImage(picture, cause, decode, signal);
}

/**
 * Opens an image that is given by its URL, or an ImageData whose pixels are not bytes.
 * @param open opens the downloaded file
 * @throws PictureError with the reason for anything else
 */
export async function openedOther<Source extends object>(
  picture: PixelData | string | URL,
  signal: AbortSignal | undefined,
  open: (picture: Picture, signal?: AbortSignal) => Promise<Source>,
): Promise<Source> {
  if (isUrl(picture)) return open(await fetchedPicture(picture, signal), signal);
  const bitmap = await bitmapOfPixels(picture);
  return { ...(await open(bitmap)), name: nameOf(picture), close: () => bitmap.close() };
}

async function bitmapOfPixels(picture: PixelData): Promise<ImageBitmap> {
  const { width, height, data, rgba = data } = Object(picture);
  const isFloat = Object.prototype.toString.call(data) === "[object Float16Array]";
  if (isFloat && data.length > 0) return createImageBitmap(picture as ImageData, bitmapOptions);
  const isBytes = isA(rgba, "Uint8Array") || isA(rgba, "Uint8ClampedArray");
  throw new PictureError(
    isBytes
      ? `${nameOf(picture)}: expected ${width * height * 4} RGBA bytes for ${width} x ${height} pixels, got ${rgba.length}.`
      : `image: expected a URL, Blob, <img>, <canvas>, <video>, ImageBitmap, ImageData, VideoFrame or { width, height, rgba }, got ${nameOf(picture)}.`,
  );
}

export function withoutFrame(video: HTMLVideoElement): PictureError {
  return new PictureError(`${nameOf(video)}: expected a frame, got none yet. Wait for the loadeddata event.`);
}

/** Loads a copy of the image, because the page's image would not load before it is scrolled into view. */
async function ofLazyImage(
  image: HTMLImageElement,
  decode: Decode,
  signal?: AbortSignal,
): Promise<ImageBitmap> {
  const copy = image.ownerDocument.createElement("img");
  const sources = image.parentElement?.querySelectorAll(":scope > source") ?? [];
  if (image.parentElement?.localName === "picture")
    image.ownerDocument.createElement("picture").append(...[...sources].map((it) => it.cloneNode()), copy);
  for (const name of ["crossorigin", "referrerpolicy", "sizes", "srcset", "src"])
    if (image.hasAttribute(name)) copy.setAttribute(name, image.getAttribute(name)!);
  try {
    return await until(signal, decode(copy, signal));
  } finally {
    for (const name of ["srcset", "src"]) copy.removeAttribute(name); // ends a download
  }
}

async function ofImage(
  image: HTMLImageElement,
  cause: unknown,
  decode: Decode,
  signal?: AbortSignal,
): Promise<ImageBitmap> {
  if (await settled(image)) {
    checkImageSize(image);
    const bitmap = await createImageBitmap(image, bitmapOptions).catch(() => undefined);
    if (bitmap) return bitmap;
  }
  const file = await fileOf(image, signal);
  if (file) return decode(file, signal);
  if (!image.naturalWidth)
    throw new PictureError(`${nameOf(image)}: expected an image, but it did not load.`, { cause });
  // An SVG without a size, at the browser's.
  return drawn(image, image.naturalWidth, image.naturalHeight);
}

function drawn(image: HTMLImageElement, width: number, height: number): ImageBitmap {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")!.drawImage(image, 0, 0, width, height);
  return canvas.transferToImageBitmap();
}

/** Whether the image finally has pixels. If its URL changes meanwhile, it is loaded again. */
async function settled(image: HTMLImageElement): Promise<boolean> {
  for (;;) {
    const { src, srcset } = image;
    const loaded = await image.decode().then(
      () => true,
      () => false,
    );
    if (loaded || (src === image.src && srcset === image.srcset)) return loaded;
  }
}

/** The file that an image shows; undefined where the page may not have it. */
async function fileOf(image: HTMLImageElement, signal?: AbortSignal): Promise<File | undefined> {
  const address = image.currentSrc || image.getAttribute("src");
  if (!address || (image.crossOrigin === null && !isOwn(address))) return undefined;
  const credentials = image.crossOrigin === "use-credentials" ? "include" : "same-origin";
  const response = await fetch(address, { credentials, cache: "force-cache", signal }).catch(() => undefined);
  const bytes = response?.ok ? await response.blob().catch(() => undefined) : undefined;
  signal?.throwIfAborted();
  if (response && !response.ok)
    throw new PictureError(`${nameOf(image)}: expected an image, got status ${response.status}.`);
  return bytes && new File([bytes], nameOf(image), { type: bytes.type });
}

function isOwn(address: string): boolean {
  try {
    const { protocol, origin } = new URL(address, document.baseURI);
    return protocol === "data:" || protocol === "blob:" || origin === location.origin;
  } catch {
    return false;
  }
}

async function ofFile(file: Blob, cause: unknown, signal?: AbortSignal): Promise<ImageBitmap> {
  const name = nameOf(file);
  const fail = (words: string): never => {
    throw new PictureError(`${name}: ${words}`, { cause });
  };
  if (file.size === 0) fail("the file is empty.");
  const head = await bytesOf(file.slice(0, HEAD_BYTES)).catch(() =>
    fail("the file can no longer be read. Choose it again."),
  );
  const format = formatName(head);
  if (format === "SVG") return drawnSvg(file, fail, signal);
  if (!format)
    return fail("expected an image, got an unknown format or a damaged file. Use JPEG, PNG or WebP.");
  if (format === "web page") return fail("expected an image, got a web page (HTML). Check the URL.");
  if (COMMON.includes(format))
    return fail(`damaged, truncated or not supported by this browser: ${format}. Save it again.`);
  return fail(`damaged, or ${format} is not supported by this browser. Convert it to JPEG or PNG.`);
}

/** Drawn as an `<img>` is: no script in it runs, and nothing is fetched. */
async function drawnSvg(
  file: Blob,
  fail: (words: string) => never,
  signal?: AbortSignal,
): Promise<ImageBitmap> {
  if (typeof Image === "undefined")
    fail("a worker cannot draw SVG. Classify it from the page, or convert it to PNG.");
  if (file.size > MAX_SVG_BYTES)
    fail(`expected an SVG of at most ${MAX_SVG_BYTES} bytes, got ${file.size}. Convert it to PNG.`);
  const { markup, width, height } = sizedSvg(markupText(await bytesOf(file)));
  checkPictureSize(nameOf(file), width, height);
  signal?.throwIfAborted();
  const image = new Image();
  // In Chromium, an SVG with HTML in it taints a canvas, except if it is drawn from a data: URL.
  image.src = `data:image/svg+xml,${encodeURIComponent(markup)}`;
  await image
    .decode()
    .catch(() => fail("damaged SVG, or blocked by the page's Content-Security-Policy. Allow img-src data:."));
  return drawn(image, width, height);
}

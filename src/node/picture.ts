// Image files in Node, decoded by sharp to the pixels of Pillow's `convert("RGB")`: upright, without applying a color profile.

import { readFile, stat } from "node:fs/promises";
import type { Metadata, Sharp } from "sharp";
import { PictureError } from "../errors/errors.ts";
import { formatName } from "../image/format-name.ts";
import { checkPictureSize, type RawPicture } from "../image/picture.ts";
import { remedyFor } from "./package.ts";

/** A file of more bytes than 100 megapixels can fill is not read into memory. */
export const MAX_BYTES = 2 ** 30;

/** An image whose header is read, and whose pixels are not decoded yet. */
export interface ClosedPicture {
  /** Pixels, as they lie in the file. */
  readonly width: number;
  readonly height: number;
  /** Alpha is dropped; an animation yields its first frame. @throws PictureError for damaged data */
  decode(): Promise<RawPicture>;
}

/**
 * Decodes a file, or bytes that messages call `name`.
 * @throws PictureError, in one line with the name of the file, if it is unreadable, empty, damaged, too small, too large or not an image
 */
export async function readPicture(source: string | Uint8Array, name?: string): Promise<RawPicture> {
  const called = name ?? (typeof source === "string" ? source : "picture");
  const bytes = typeof source === "string" ? await readBytes(source) : source;
  return (await readHeader(bytes, called)).decode();
}

/** Reads the header of a file's bytes, which says how much memory the pixels need. @throws PictureError as `readPicture` */
export async function readHeader(bytes: Uint8Array, called: string): Promise<ClosedPicture> {
  if (bytes.byteLength === 0) throw new PictureError(`${called}: the file is empty.`);
  // Sizes are checked here, by the header, before anything is decoded.
  const sharp = await loadSharp();
  const image = sharp(bytes, { ignoreIcc: true, failOn: "truncated", limitInputPixels: false });
  const damaged = (cause: unknown): never => {
    throw new PictureError(`${called}: ${trouble(cause, bytes)}`, { cause });
  };
  const header = await image.metadata().catch(damaged);
  checkPictureSize(called, header.width, header.height);
  // sharp's step that turns an image takes time even if there is nothing to turn.
  const upright = () => ((header.orientation ?? 1) > 1 ? image.rotate() : image);
  return {
    width: header.width,
    height: header.height,
    decode: () => decode(upright(), header).catch(damaged),
  };
}

/** @throws PictureError for a file that cannot be read, or that is too large */
export async function readBytes(file: string): Promise<Uint8Array> {
  const unreadable = (cause: unknown): never => {
    // Node replaces characters of a name that are not UTF-8 with this sign.
    const hint = file.includes("\ufffd") ? " Its name is not UTF-8." : "";
    throw new PictureError(`${file}: cannot be read (${reason(cause)}).${hint}`, { cause });
  };
  const stats = await stat(file).catch(unreadable);
  // Devices and pipes may never end, and to open a pipe may block.
  if (!stats.isFile())
    throw new PictureError(
      `${file}: expected a file, got ${stats.isDirectory() ? "a folder" : "something else"}.`,
    );
  if (stats.size > MAX_BYTES)
    throw new PictureError(`${file}: expected at most ${MAX_BYTES} bytes, got ${stats.size}.`);
  return readFile(file).catch(unreadable);
}

/** @throws PictureError if it is missing or broken. */
export async function loadSharp(): Promise<typeof import("sharp").default> {
  try {
    return (await import("sharp")).default;
  } catch (cause) {
    const { reason, remedy } = remedyFor("sharp", cause);
    throw new PictureError(`images in Node: ${reason} ${remedy}`, { cause });
  }
}

async function decode(image: Sharp, { space, channels }: Metadata): Promise<RawPicture> {
  if (space === "cmyk") return pixels(await rawOf(image, "cmyk"), inkToRgb);
  // Gray with alpha is cut to its high byte like colors; only plain 16-bit gray is clipped.
  if (space === "grey16" && channels === 1) return pixels(await rawOf(image, "grey16"), clippedGrey);
  const { data, info } = await image
    .toColourspace("srgb")
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, rgba: data };
}

interface Samples {
  readonly data: Uint8Array | Uint16Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** The file's own samples: sharp converts to sRGB first unless the whole pipeline is in the other space. */
async function rawOf(image: Sharp, space: "cmyk" | "grey16"): Promise<Samples> {
  const deep = space === "grey16";
  const { data, info } = await image
    .pipelineColourspace(space)
    .toColourspace(space)
    .raw({ depth: deep ? "ushort" : "uchar" })
    .toBuffer({ resolveWithObject: true });
  return { ...info, data: deep ? new Uint16Array(Uint8Array.from(data).buffer) : data };
}

type Pixel = (data: Samples["data"], at: number) => ArrayLike<number>;

function pixels({ data, width, height, channels }: Samples, pixel: Pixel): RawPicture {
  const rgba = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) rgba.set(pixel(data, i * channels), i * 4);
  return { width, height, rgba };
}

/** Pillow's I -> RGB: clipped, not scaled. */
function clippedGrey(data: Samples["data"], at: number): number[] {
  const grey = Math.min(255, data[at]);
  return [grey, grey, grey];
}

/** Pillow's CMYK -> RGB (Convert.c, cmyk2rgb): (255 - k) less the ink's share of it. */
function inkToRgb(data: Samples["data"], at: number): number[] {
  const white = 255 - data[at + 3];
  return [0, 1, 2].map((c) => white - timesOver255(data[at + c], white));
}

/** a * b / 255, rounded, as Pillow's MULDIV255. */
function timesOver255(a: number, b: number): number {
  const product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

/** The formats that sharp decodes. */
const DECODED = ["PNG", "JPEG", "GIF", "WebP", "AVIF", "TIFF", "SVG"];

function trouble(cause: unknown, bytes: Uint8Array): string {
  const format = formatName(bytes);
  if (format === "web page") return "expected an image, got a web page (HTML). Check the URL.";
  if (format && !DECODED.includes(format))
    return `${format} is not supported in Node. Convert it to JPEG or PNG.`;
  return /unsupported image format/.test(String(cause))
    ? `expected ${DECODED.join(", ")}, got an unknown format. Convert it to JPEG or PNG.`
    : `the image is damaged or truncated (${reason(cause)}).`;
}

/** The cause in a few words: its first line, without the parts that the message already has, such as a path, which may contain line breaks. */
function reason(cause: unknown): string {
  const [line] = (cause as Error).message.replace(/, \w+ '.*'$/s, "").split("\n");
  return line.replace(/^Input buffer has corrupt header: /, "");
}

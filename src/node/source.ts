// Image inputs in Node, and how their bytes are read.

import { fileURLToPath } from "node:url";
import { isAnyArrayBuffer } from "node:util/types";
import type { PixelData } from "../classifier/picture.ts";
import { typeName } from "../errors/check.ts";
import { PictureError } from "../errors/errors.ts";
import { MAX_BYTES, readPicture } from "./picture.ts";

/** An image input in Node: a path, a file:, http:, https: or data: URL, the bytes of a file as a Blob or in memory, or pixels. */
export type NodePicture = string | URL | Blob | ArrayBuffer | SharedArrayBuffer | ArrayBufferView | PixelData;

const ADDRESS = /^(?:file|https?|data|blob):|^[a-z][a-z\d+.-]+:\/\//i;

/**
 * Reads the pixels of an image.
 * @throws PictureError if it cannot be read, fetched or decoded, or is not an image; the signal's reason.
 */
export async function readSource(picture: NodePicture, signal?: AbortSignal): Promise<PixelData> {
  // By their properties, not their class: an image may be from another realm, as under Jest, or another fetch.
  const { href, width, size, arrayBuffer, name = "Blob" } = Object(picture);
  if (typeof picture === "string" && !ADDRESS.test(picture)) return readPicture(picture);
  if (typeof picture === "string" || typeof href === "string") return readAddress(href ?? picture, signal);
  if (ArrayBuffer.isView(picture))
    return readPicture(new Uint8Array(picture.buffer, picture.byteOffset, picture.byteLength));
  if (isAnyArrayBuffer(picture)) return readPicture(new Uint8Array(picture));
  if (typeof size === "number" && typeof arrayBuffer === "function") {
    checkLength(name, size);
    return readPicture(new Uint8Array(await (picture as Blob).arrayBuffer()), name);
  }
  if (typeof width === "number") return picture as PixelData;
  throw new PictureError(
    `image: expected a path, a file:, http:, https: or data: URL, a Blob, the bytes of a file or { width, height, rgba }, got ${typeName(picture)}. Read a stream into a Buffer first, with buffer() of node:stream/consumers.`,
  );
}

async function readAddress(address: string, signal: AbortSignal | undefined): Promise<PixelData> {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === "file:") return readPicture(pathOf(url));
  if (!url || !/^(?:https?|data|blob):/.test(url.protocol))
    throw new PictureError(
      `${address.slice(0, 80)}: expected a path or a file:, http:, https: or data: URL.`,
    );
  // Without what may be secret, such as a password or a signature.
  const name = url.protocol === "data:" ? "data: URL" : `${url.protocol}//${url.host}${url.pathname}`;
  return readPicture(await fetched(url, name, signal), name);
}

function pathOf(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new PictureError(
      `${url.href}: expected the file: URL of a path on this system (${(cause as Error).message}).`,
      { cause },
    );
  }
}

async function fetched(url: URL, name: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  try {
    const response = await fetch(url, { signal });
    if (!response.ok) {
      await response.body?.cancel();
      throw new PictureError(
        `${name}: expected an image, got status ${response.status} ${response.statusText}.`,
      );
    }
    checkLength(name, Number(response.headers.get("content-length") ?? 0));
    return await whole(response, name);
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof PictureError) throw cause;
    const { message, cause: below } = cause as Error;
    const why = (below as Error | undefined)?.message || message;
    throw new PictureError(`${name}: cannot be fetched (${why}).`, { cause });
  }
}

async function whole(response: Response, name: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    checkLength(name, length);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function checkLength(name: string, bytes: number): void {
  if (bytes > MAX_BYTES)
    throw new PictureError(`${name}: expected at most ${MAX_BYTES} bytes, got ${bytes}.`);
}

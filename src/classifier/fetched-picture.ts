// Downloads images that are given by their URLs.

import { PictureError } from "../errors/errors.ts";
import { isA } from "../errors/is-a.ts";
import { quote } from "../format/fields.ts";

/** In characters: a caller may pass a whole file in base64. */
const LONGEST_NAME = 120;

export function isUrl(picture: unknown): picture is string | URL {
  return typeof picture === "string" || isA(picture, "URL");
}

/**
 * Downloads an image. The URL may be relative to the page, as in `<img>`.
 * @throws PictureError with the reason if there is no image; the signal's reason
 */
export async function fetchedPicture(address: string | URL, signal?: AbortSignal): Promise<File> {
  const url = inFull(String(address).trim());
  if (!url) throw new PictureError(`image: expected the URL of an image, got ${quote(String(address))}.`);
  const name = nameOfUrl(url);
  const response = await fetch(url, { signal }).catch(async (cause) => {
    signal?.throwIfAborted();
    throw new PictureError(`${name}: ${await whyUnanswered(url, cause, signal)}`, { cause });
  });
  if (!response.ok) {
    response.body?.cancel().catch(() => {});
    throw new PictureError(`${name}: expected an image, got status ${response.status}. Check the URL.`);
  }
  const file = await response.blob().catch((cause) => {
    signal?.throwIfAborted();
    throw new PictureError(`${name}: the download stopped (${cause.message}). Try again.`, { cause });
  });
  return new File([file], name, { type: file.type });
}

/** Undefined for an empty URL too, which would be the page's own. */
function inFull(address: string): URL | undefined {
  try {
    return address ? new URL(address, globalThis.document?.baseURI ?? globalThis.location?.href) : undefined;
  } catch {
    return undefined;
  }
}

/** Without parts that may be secret, such as a password or a signature. */
function nameOfUrl({ protocol, host, pathname }: URL): string {
  if (protocol === "data:" || protocol === "blob:") return `${protocol} URL`;
  return `${protocol}//${host}${pathname}`.slice(0, LONGEST_NAME);
}

async function whyUnanswered(url: URL, { message }: Error, signal?: AbortSignal): Promise<string> {
  if (globalThis.navigator?.onLine === false) return "this device is offline. Connect it and try again.";
  if (await answersOpaquely(url, signal))
    return "blocked by CORS. The image's server must send Access-Control-Allow-Origin.";
  return `no answer (${message}). Check the URL and the server, and in a page its connect-src.`;
}

/** Whether a server of another origin answers, but the page may not read the answer. */
async function answersOpaquely(url: URL, signal?: AbortSignal): Promise<boolean> {
  if (!url.protocol.startsWith("http") || url.origin === globalThis.location?.origin) return false;
  const answer = await fetch(url, { method: "HEAD", mode: "no-cors", signal }).catch(() => undefined);
  signal?.throwIfAborted();
  return answer !== undefined;
}

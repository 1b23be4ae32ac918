// Images behind addresses: tried again where a server or the network may recover.

import { setTimeout as sleep } from "node:timers/promises";
import { PictureError } from "../errors/errors.ts";
import { MAX_BYTES } from "../node/picture.ts";

/** Between tries. */
const PAUSES_MS = [500, 2000, 8000];

export const isAddress = (name: string) => /^https?:\/\//i.test(name);

/** @throws PictureError when the last try fails, or at once for what no second try would change; the signal's reason. */
export async function fetchPicture(address: string, signal: AbortSignal): Promise<Uint8Array> {
  for (const pause of [...PAUSES_MS, undefined]) {
    try {
      return await fetchOnce(address, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Lasting) throw new PictureError(error.message);
      const why = (error as { cause?: Error }).cause?.message || (error as Error).message;
      if (pause === undefined)
        throw new PictureError(`${nameOf(address)}: cannot be fetched (${why}).`, { cause: error });
      await sleep(pause, undefined, { signal });
    }
  }
  throw new PictureError(`${nameOf(address)}: cannot be fetched.`);
}

class Lasting extends Error {}

async function fetchOnce(address: string, signal: AbortSignal): Promise<Uint8Array> {
  if (!URL.canParse(address)) throw new Lasting(`${nameOf(address)}: expected a URL, got this text.`);
  const response = await fetch(address, { signal });
  const { ok, status, statusText } = response;
  if (!ok) {
    await response.body?.cancel();
    const message = `${nameOf(address)}: expected an image, got status ${status} ${statusText}`.trim();
    throw status >= 500 || status === 429 || status === 408 ? new Error(message) : new Lasting(message);
  }
  const length = Number(response.headers.get("content-length") ?? 0);
  if (length > MAX_BYTES)
    throw new Lasting(`${nameOf(address)}: expected at most ${MAX_BYTES} bytes, got ${length}.`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Without what may be secret, such as a password or a signature. */
function nameOf(address: string): string {
  if (!URL.canParse(address)) return address.slice(0, 80);
  const { protocol, host, pathname } = new URL(address);
  return `${protocol}//${host}${pathname}`;
}

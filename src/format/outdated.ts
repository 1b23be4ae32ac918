/** Whether the server's file differs from the cached one; checked after a load, when nothing waits. */
import { versionOf } from "./download.ts";
import { isWebPage } from "./fields.ts";

/** A revision by its commit: its files never change. */
const PINNED = /\/resolve\/[0-9a-f]{40}\//;
/** Cheaper to read than to cancel. The whole file of a server without Range support is larger. */
const SHORT_BYTES = 2 ** 16;

/** @param key of the file, or of a part of it, in the cache */
export async function isOutdated(cache: Cache, key: string, url: string): Promise<boolean> {
  const kept = PINNED.test(url) ? undefined : await cache.match(key);
  if (!kept) return false;
  // Two bytes instead of HEAD, which the Hub's store of large files rejects. For a range of one byte, some servers send the whole file.
  const asked = fetch(url, { headers: { range: "bytes=0-1" }, cache: "no-store" });
  const { status, ok, headers, body } = await asked.catch(() => Response.error());
  await finish(body, headers);
  if (!ok) return status === 404 && kept.status !== 404;
  return versionOf(headers) !== versionOf(kept.headers) && !(isPage(headers) && (await holdsPage(url, kept)));
}

/** Reads two bytes, or an error page, to the end. Otherwise the browser's list of requests shows them as canceled. */
async function finish(body: Response["body"], headers: Headers): Promise<void> {
  const isShort = Number(headers.get("content-length") ?? Number.POSITIVE_INFINITY) <= SHORT_BYTES;
  await (isShort ? new Response(body).arrayBuffer() : body?.cancel())?.catch(() => {});
}

/** A page in place of a file that there is not changes with its app, and the file is still not there. */
async function holdsPage(url: string, kept: Response): Promise<boolean> {
  return new URL(url).pathname.endsWith(".json") && isWebPage(await kept.text());
}

function isPage(headers: Headers): boolean {
  return headers.get("content-type")?.startsWith("text/html") ?? false;
}

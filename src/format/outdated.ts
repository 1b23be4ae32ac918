/** Whether the server has another file by now than the one that was kept; asked after a load, when nobody waits. */
import { versionOf } from "./download.ts";
import { isWebPage } from "./fields.ts";

/** A revision by its commit: its files never change. */
const PINNED = /\/resolve\/[0-9a-f]{40}\//;

export async function isOutdated(cache: Cache, url: string): Promise<boolean> {
  const kept = PINNED.test(url) ? undefined : await cache.match(url);
  if (!kept) return false;
  // The first byte instead of HEAD, which the Hub's store of large files refuses.
  const asked = fetch(url, { headers: { range: "bytes=0-0" }, cache: "no-store" });
  const { status, ok, headers, body } = await asked.catch(() => Response.error());
  await body?.cancel();
  if (!ok) return status === 404 && kept.status !== 404;
  return versionOf(headers) !== versionOf(kept.headers) && !(isPage(headers) && (await holdsPage(url, kept)));
}

/** A page in place of a file that there is not changes with its app, and the file is still not there. */
async function holdsPage(url: string, kept: Response): Promise<boolean> {
  return new URL(url).pathname.endsWith(".json") && isWebPage(await kept.text());
}

function isPage(headers: Headers): boolean {
  return headers.get("content-type")?.startsWith("text/html") ?? false;
}

/** Files of a model folder that the browser keeps (Cache API, by address): a model loads again without the network. */
import { type Download, versionOf } from "./download.ts";
import type { ByteRange } from "./model-folder.ts";

/** `caches.delete("vit8:models")` frees the space. */
const CACHE = "vit8:models";
/** The header of a cached part of a file. */
const PART = "content-range";

/**
 * The files that one load opens. Without a Cache API or enough space, they are only downloaded. While a file downloads, every other load of
 * it in any tab or worker of the site waits and then uses the cached copy, so that it is downloaded once.
 */
export class KeptFiles {
  /** Addresses by the keys in the cache. */
  readonly #opened = new Map<string, string>();
  readonly #storing: Promise<unknown>[] = [];
  #served = false;
  #anew = false;

  /**
   * The cached file, or the response of `ask`, which is cached as it is read; undefined if there is no file at this URL. A part of a file
   * has its own key in the cache.
   */
  async open(
    url: string,
    ask: () => Promise<Download | undefined>,
    signal?: AbortSignal,
    range?: ByteRange,
  ): Promise<Download | undefined> {
    // The Cache API supports no other URL schemes; their files are local anyway.
    const cache = url.startsWith("http") ? await openCache() : undefined;
    if (!cache) return ask();
    const key = range ? `${url}?${range.begin}-${range.end}` : url;
    this.#opened.set(url, url).set(key, url);
    const find = async () =>
      this.#anew ? undefined : ((await foundIn(cache, url)) ?? (await foundIn(cache, key)));
    const kept = await find();
    if (kept) return this.#serve(kept);
    return new Promise((resolve, reject) => {
      let begun = false;
      const first = async () => {
        begun = true;
        const keptMeanwhile = await find();
        if (keptMeanwhile) return resolve(this.#serve(keptMeanwhile));
        const file = await ask();
        const { stream, stored } = keep(cache, file?.isPart ? key : url, file);
        this.#storing.push(stored);
        resolve(file && { ...file, stream: stream! });
        await stored;
      };
      // Without the Web Locks API, nothing waits.
      const turn = async () => navigator.locks.request(`${CACHE} ${key}`, { signal }, first);
      turn().catch((error) => (begun || signal?.aborted ? reject(error) : first().catch(reject)));
    });
  }

  /**
   * Deletes the cached copies of these files, which are damaged or do not match, and uses none of the earlier ones any more. Returns
   * whether one was used.
   */
  async forget(): Promise<boolean> {
    const served = this.#served;
    this.#served = false;
    this.#anew = true;
    await Promise.all(this.#storing);
    const cache = await openCache();
    await Promise.allSettled([...this.#opened.keys()].map((key) => cache?.delete(key)));
    return served;
  }

  /** Compares the cached files that were used with the server's: if one differs, the next load downloads them all again. */
  async refresh(): Promise<void> {
    const cache = await openCache();
    if (!this.#served || !cache || navigator.onLine === false) return;
    const { isOutdated } = await import("./outdated.ts");
    for (const [key, url] of this.#opened) if (await isOutdated(cache, key, url)) await this.forget();
  }

  #serve({ status, body, headers }: Response): Download | undefined {
    this.#served = true;
    if (status === 404) return undefined;
    const length = headers.get("content-length");
    const byteLength = length === null ? undefined : Number(length);
    return { stream: body!, headers, byteLength, isPart: headers.has(PART) };
  }
}

/** Undefined without a cache: in Node, in a sandbox, or if the user has blocked it. */
async function openCache(): Promise<Cache | undefined> {
  try {
    return await caches.open(CACHE);
  } catch {
    return undefined;
  }
}

/** Also undefined if the browser cannot read its cache. */
async function foundIn(cache: Cache, url: string): Promise<Response | undefined> {
  try {
    return await cache.match(url);
  } catch {
    return undefined;
  }
}

/** The same bytes, also on their way to the cache, at the pace of the slower of both; a stream that breaks is not kept. */
function keep(
  cache: Cache,
  key: string,
  file: Download | undefined,
): { stream?: ReadableStream<Uint8Array>; stored: Promise<unknown> } {
  if (!file) return { stored: cache.put(key, new Response(null, { status: 404 })).catch(() => {}) };
  const { stream, headers, byteLength, isPart } = file;
  const version = versionOf(headers);
  if (!version || headers.get("cache-control")?.includes("no-store"))
    return { stream, stored: Promise.resolve() };
  const copy = new TransformStream<Uint8Array, Uint8Array>();
  const writer = copy.writable.getWriter();
  const keptHeaders = {
    etag: version,
    ...(byteLength !== undefined && { "content-length": String(byteLength) }),
    ...(isPart && { [PART]: "bytes" }),
  };
  // Not enough space, or an incomplete download: the file is not cached, and the load continues.
  const stored = cache
    .put(key, new Response(copy.readable as BodyInit, { headers: keptHeaders }))
    .catch(() => writer.abort())
    .catch(() => {});
  const reader = stream.getReader();
  const passing = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
          await (done ? writer.close() : writer.write(value)).catch(() => {});
        } catch (error) {
          await writer.abort(error).catch(() => {});
          throw error;
        }
      },
      async cancel(reason) {
        await Promise.allSettled([writer.abort(reason), reader.cancel(reason)]);
      },
    },
    { highWaterMark: 0 },
  );
  return { stream: passing, stored };
}

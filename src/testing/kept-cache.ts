/** The Cache API and Web Locks of a page, as far as model files need them, for tests in Node. */
import { vi } from "vitest";

interface Entry {
  status: number;
  headers: [string, string][];
  body: Uint8Array<ArrayBuffer>;
}

/** Replaces both until `vi.unstubAllGlobals()`; the stored entries, by URL, may be changed by a test. */
export function stubCache(room = { byteLength: Number.POSITIVE_INFINITY }): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const cache = {
    async match(url: string) {
      const entry = entries.get(url);
      if (!entry) return undefined;
      const { status, headers, body } = entry;
      return new Response(status === 404 ? null : body, { status, headers });
    },
    async put(url: string, response: Response) {
      const pieces: Uint8Array[] = [];
      let byteLength = 0;
      for await (const piece of response.body ?? []) {
        byteLength += piece.length;
        if (byteLength > room.byteLength) throw new DOMException("no room", "QuotaExceededError");
        pieces.push(piece);
      }
      const { status, headers } = response;
      entries.set(url, { status, headers: [...headers], body: new Uint8Array(Buffer.concat(pieces)) });
    },
    delete: async (url: string) => entries.delete(url),
  };
  const tails = new Map<string, Promise<unknown>>();
  const request = (name: string, { signal }: LockOptions, work: () => Promise<unknown>) => {
    const turn = (tails.get(name) ?? Promise.resolve()).then(() => {
      signal?.throwIfAborted();
      return work();
    });
    tails.set(
      name,
      turn.catch(() => {}),
    );
    return turn;
  };
  vi.stubGlobal("caches", { open: async () => cache });
  vi.stubGlobal("navigator", { locks: { request }, onLine: true });
  return entries;
}

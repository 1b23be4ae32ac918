// Short texts that are cached between visits: measurements of this machine.

/** Caches texts by name between visits. Without storage it is empty; it never throws. */
export interface TextCache {
  read(name: string): Promise<string | undefined>;
  write(name: string, text: string): Promise<void>;
}

/** The browser's Cache API, which pages and workers share. */
export const pageCache: TextCache = {
  async read(name) {
    const found = await globalThis.caches?.match(addressOf(name)).catch(() => undefined);
    return found?.text();
  },
  async write(name, text) {
    try {
      const opened = await caches.open("vit8-tuning");
      await opened.put(addressOf(name), new Response(text));
    } catch {} // no secure context, or no space: measured again next time
  },
};

/** No server exists at this URL: it is only a key. */
const addressOf = (name: string) => `https://vit8.invalid/tuning/${encodeURIComponent(name)}`;

// Chunks of vit8 that load on demand.

import { LibraryLoadError } from "./errors.ts";

/**
 * Waits for a lazy-loaded chunk. Call it as `part(import("./chunk.ts"))`: bundlers look for the literal `import()`.
 * @throws LibraryLoadError if the chunk does not load
 */
export async function part<T>(loading: Promise<T>): Promise<T> {
  try {
    return await loading;
  } catch (cause) {
    throw new LibraryLoadError(
      "ServiceWorkerGlobalScope" in globalThis
        ? "vit8: import() is not allowed in a service worker. Import vit8/cdn instead."
        : `vit8: a chunk failed to load (${(cause as Error).message}). Reload the page.`,
      { cause },
    );
  }
}

// Parts of vit8 that are fetched when they are needed.

import { LibraryLoadError } from "./errors.ts";

/**
 * `import()` of a part of vit8, as it is written: bundlers look for it.
 * @throws LibraryLoadError saying what to do, where the part does not come
 */
export async function part<T>(loading: Promise<T>): Promise<T> {
  try {
    return await loading;
  } catch (cause) {
    throw new LibraryLoadError(
      "ServiceWorkerGlobalScope" in globalThis
        ? "vit8: import vit8/cdn in a service worker"
        : `vit8: a part did not load: ${(cause as Error).message}; reload the page`,
      { cause },
    );
  }
}

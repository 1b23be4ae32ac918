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
        ? 'vit8: a service worker cannot load parts of a library later; import all of it in one file, from "vit8/cdn" (dist/vit8.cdn.js)'
        : `vit8: a part of the library did not load (${(cause as Error).message}); check the network, and reload the page, as a new version of it may be there`,
      { cause },
    );
  }
}

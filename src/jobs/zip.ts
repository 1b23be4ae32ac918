// ZIP files, read by their directory.

import { buffer } from "node:stream/consumers";
import { PictureError, Vit8Error } from "../errors/errors.ts";
import { MAX_BYTES } from "../node/picture.ts";
import type { Entry } from "./entry.ts";
import { isPictureMember } from "./files.ts";
import { needed } from "./package.ts";

/** The images of a ZIP file, in its order. @throws Vit8Error for a damaged one. */
export async function* entriesOfZip(file: string, signal: AbortSignal): AsyncGenerator<Entry> {
  const { openPromise } = await needed("yauzl", file, () => import("yauzl"));
  const damaged = (cause: Error): never => {
    throw new Vit8Error(`${file}: damaged or truncated (${cause.message}).`, { cause });
  };
  const zip = await openPromise(file).catch(damaged);
  try {
    for await (const member of zip.eachEntry()) {
      signal.throwIfAborted();
      if (!isPictureMember(member.fileName) || member.uncompressedSize > MAX_BYTES) continue;
      const key = `${file}/${member.fileName}`;
      const bytes = await zip
        .openReadStreamPromise(member)
        .then(buffer)
        .catch((cause: Error) => cause);
      yield { key, read: async () => (bytes instanceof Error ? refuse(key, bytes) : bytes) };
    }
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof Vit8Error) throw cause;
    damaged(cause as Error);
  } finally {
    zip.close();
  }
}

function refuse(key: string, cause: Error): never {
  throw new PictureError(`${key}: cannot be unpacked (${cause.message}).`, { cause });
}

// Tar files, such as the shards of WebDataset, read from front to back.

import { createReadStream } from "node:fs";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { Vit8Error } from "../errors/errors.ts";
import type { Entry } from "./entry.ts";
import { isPictureMember } from "./files.ts";
import { needed } from "./package.ts";

/** The images of a tar file, in its order. @throws Vit8Error for a damaged one, after the images before the damage. */
export async function* entriesOfTar(file: string, signal: AbortSignal): AsyncGenerator<Entry> {
  const { extract } = await needed("tar-stream", file, () => import("tar-stream"));
  const reader = extract();
  const stages = [createReadStream(file), ...(/\.t?gz$/i.test(file) ? [createGunzip()] : []), reader];
  const read = pipeline(stages as never, { signal });
  read.catch(() => {});
  try {
    for await (const member of reader) {
      const { name, type } = member.header;
      if (type !== "file" || !isPictureMember(name)) {
        member.resume();
        continue;
      }
      const bytes = await buffer(member);
      yield { key: `${file}/${name}`, read: async () => bytes };
    }
    await read;
  } catch (cause) {
    signal.throwIfAborted();
    throw new Vit8Error(`${file}: damaged or truncated (${(cause as Error).message}).`, { cause });
  }
}

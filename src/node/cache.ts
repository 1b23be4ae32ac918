// A cache on disk, in the user's cache directory.

import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import type { TextCache } from "../classifier/cache.ts";

const folder = () => path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache"), "vit8");
const fileOf = (name: string) =>
  path.join(folder(), `tuning-${createHash("sha256").update(name).digest("hex").slice(0, 16)}.json`);

export const nodeCache: TextCache = {
  read: (name) => readFile(fileOf(name), "utf8").catch(() => undefined),
  async write(name, text) {
    try {
      await mkdir(folder(), { recursive: true });
      await writeFile(fileOf(name), text);
    } catch {} // a read-only home: measured again next time
  },
};

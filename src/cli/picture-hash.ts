// Identifies images by their bytes: which of the evaluated images were calibration images of the model.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Quantization } from "../format/quantization-config.ts";

/** The first 16 hex digits of a file's SHA-256. */
export async function hashOf(file: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(file))
    .digest("hex")
    .slice(0, 16);
}

/** How many of the files are calibration images of the folder; 0 if it does not record them. */
export async function calibratedOn(
  quantization: Quantization | undefined,
  files: readonly string[],
): Promise<number> {
  const { pictures } = quantization?.notes ?? {};
  if (!Array.isArray(pictures)) return 0;
  const known = new Set<unknown>(pictures);
  const hashes = await Promise.all(files.map((file) => hashOf(file).catch(() => undefined)));
  return hashes.filter((hash) => known.has(hash)).length;
}

import type { LoadProgress } from "../../src/index.ts";
import { texts } from "./texts.ts";

/** What is happening, in words: the stage, and the bytes if they are known. */
export function describeProgress({ stage, loaded, total }: LoadProgress): string {
  const doing = texts.stages[stage];
  if (loaded === undefined) return texts.doing(doing);
  return total ? texts.bytesOf(doing, loaded, total) : texts.bytes(doing, loaded);
}

/** The finished part of the stage, from 0 to 1; undefined if it is not known. */
export function progressFraction({ loaded, total }: LoadProgress): number | undefined {
  return loaded !== undefined && total ? Math.min(1, loaded / total) : undefined;
}

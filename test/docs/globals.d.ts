// What examples in the documents use without declaring it.

import type { ImageClassifier as Class, Picture } from "../../src/index.ts";

declare global {
  const ImageClassifier: typeof Class;
  const classifier: Class;
  const model: string;
  const image: Picture;
  const first: Picture;
  const second: Picture;
  const signal: AbortSignal;
}

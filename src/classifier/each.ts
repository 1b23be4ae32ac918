// A classifier over a stream of images: read no faster than they are classified.

import { checkCall, checkCount, checkNames, wrongType } from "../errors/check.ts";
import type { Classification } from "./answer.ts";
import type { EachOptions, EachResult, ImageClassifier, KeyedPicture } from "./api.ts";
import { groupsOf, inOrder } from "./in-order.ts";

/** The number of images in one call of the model. */
const GROUP = 8;
const ITEM = "{ key, picture }";
const CONCURRENCY = 16;
const OPTIONS = { concurrency: 0, topK: 0, signal: 0 } satisfies Record<keyof EachOptions, 0>;

/** `ImageClassifier.classifyEach`. */
export async function* classifyEach<P, K>(
  classifier: Pick<ImageClassifier<P>, "classify">,
  pictures: AsyncIterable<KeyedPicture<P, K>> | Iterable<KeyedPicture<P, K>>,
  options: EachOptions,
): AsyncGenerator<EachResult<K>> {
  checkNames(options, OPTIONS);
  const { concurrency = CONCURRENCY, topK, signal } = options;
  checkCall({ signal });
  checkCount("concurrency", concurrency);
  checkStream(pictures);
  const size = Math.min(GROUP, concurrency);
  const groups = inOrder(groupsOf(pictures, size), Math.ceil(concurrency / size), async (group) => {
    signal?.throwIfAborted();
    const results = await classifier.classify(group.map(pictureOf), { topK, signal, settled: true });
    return group.map(({ key }, i) => resultOf(key, results[i]));
  });
  for await (const results of groups) yield* results;
}

function checkStream(pictures: unknown): void {
  const stream = Object(pictures);
  if (!(Symbol.asyncIterator in stream || Symbol.iterator in stream))
    throw wrongType("pictures", `an array or a generator of ${ITEM}`, pictures);
}

function pictureOf<P, K>(item: KeyedPicture<P, K>): P {
  if (!("picture" in Object(item))) throw wrongType("pictures", `${ITEM} for each image`, item);
  return item.picture;
}

function resultOf<K>(key: K, result: PromiseSettledResult<Classification[]>): EachResult<K> {
  return result.status === "fulfilled" ? { key, result: result.value } : { key, error: result.reason };
}

// A classifier over a stream of images: read no faster than they are classified.

import type { Classification } from "./answer.ts";
import type { EachOptions, EachResult, ImageClassifier, KeyedPicture } from "./api.ts";
import { groupsOf, inOrder } from "./in-order.ts";

/** The number of images in one call of the model. */
const GROUP = 8;
const CONCURRENCY = 16;

/** `ImageClassifier.classifyEach`. */
export async function* classifyEach<P, K>(
  classifier: Pick<ImageClassifier<P>, "classify">,
  pictures: AsyncIterable<KeyedPicture<P, K>> | Iterable<KeyedPicture<P, K>>,
  { concurrency = CONCURRENCY, topK, signal }: EachOptions,
): AsyncGenerator<EachResult<K>> {
  if (!(Number.isInteger(concurrency) && concurrency >= 1))
    throw new RangeError(`concurrency: expected a whole number of 1 or more, got ${concurrency}.`);
  const size = Math.min(GROUP, concurrency);
  const groups = inOrder(groupsOf(pictures, size), Math.ceil(concurrency / size), async (group) => {
    signal?.throwIfAborted();
    const options = { topK, signal, settled: true } as const;
    const results = await classifier.classify(
      group.map(({ picture }) => picture),
      options,
    );
    return group.map(({ key }, i) => resultOf(key, results[i]));
  });
  for await (const results of groups) yield* results;
}

function resultOf<K>(key: K, result: PromiseSettledResult<Classification[]>): EachResult<K> {
  return result.status === "fulfilled" ? { key, result: result.value } : { key, error: result.reason };
}

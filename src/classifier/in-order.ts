// Work on an endless input with a bounded number of items in flight.

/** The results of `work`, in the order of the input, with at most `concurrency` items begun and not yet taken. */
export async function* inOrder<T, R>(
  source: AsyncIterable<T>,
  concurrency: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const begun: Promise<R>[] = [];
  const begin = (item: T) => {
    const result = work(item);
    // A later failure must not be unhandled while an earlier item is still awaited.
    result.catch(() => {});
    begun.push(result);
  };
  for await (const item of source) {
    begin(item);
    if (begun.length >= concurrency) yield await begun.shift()!;
  }
  while (begun.length > 0) yield await begun.shift()!;
}

/** The items of `source` in groups of `size`; the last one may be smaller. */
export async function* groupsOf<T>(
  source: AsyncIterable<T> | Iterable<T>,
  size: number,
): AsyncGenerator<T[]> {
  let group: T[] = [];
  for await (const item of source) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

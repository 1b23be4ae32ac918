/** Failures that may say no more than that a file is not there: not every server has 404 for that. */

const doubtful = new WeakSet<object>();

/** The same error, known as one of those. */
export function doubt<E extends Error>(error: E): E {
  doubtful.add(error);
  return error;
}

export function mayBeAbsent(error: unknown): boolean {
  return doubtful.has(error as object);
}

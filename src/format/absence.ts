/** Errors that may only mean that a file is missing: not every server responds with 404 then. */

const doubtful = new WeakSet<object>();

/** The same error, known as one of those. */
export function doubt<E extends Error>(error: E): E {
  doubtful.add(error);
  return error;
}

export function mayBeAbsent(error: unknown): boolean {
  return doubtful.has(error as object);
}

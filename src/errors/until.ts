// Promises that end with a signal or a time limit.

/**
 * Resolves as `promise` does, and rejects with the signal's reason once it is aborted.
 * @param graceMs time for cleaning up before the rejection
 */
export function until<T>(signal: AbortSignal | undefined, promise: Promise<T>, graceMs = 0): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const abort = () => {
      timer = setTimeout(() => reject(signal.reason), graceMs);
    };
    const settle = (outcome: () => void) => {
      signal.removeEventListener("abort", abort);
      clearTimeout(timer);
      if (signal.aborted) reject(signal.reason);
      else outcome();
    };
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    promise.then(
      (value) => settle(() => resolve(value)),
      (error) => settle(() => reject(error)),
    );
  });
}

/** Resolves as `promise` does, and rejects if it takes longer than `limitMs`. */
export function within<T>(limitMs: number, promise: Promise<T>): Promise<T> {
  if (limitMs === Number.POSITIVE_INFINITY) return promise;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs / 1000} s`)), limitMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

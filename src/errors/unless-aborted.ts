// Waits that a signal ends, and that leave nothing on it.

/** `work`, or the signal's reason as soon as it is aborted; nobody hears what becomes of `work` then. */
export function unlessAborted<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return work;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    const done = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    work.finally(done).then(resolve, reject);
  });
}

// Arguments of the wrong type, found before they fail as an error of something else.

/** What the calls of a model have in common. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: unknown;
}

/**
 * Begins a call.
 * @throws TypeError for null, or a `signal` or an `onProgress` of another type; the reason of a signal that is aborted
 */
export function checkCall(options: CallOptions): void {
  checkNames(options);
  const { signal, onProgress } = options;
  if (onProgress && typeof onProgress !== "function") throw wrongType("onProgress", "a function", onProgress);
  // By its method: the signal of another realm, or of jsdom, has another class.
  if (signal && typeof signal.throwIfAborted !== "function")
    throw wrongType("signal", "an AbortSignal, such as controller.signal", signal);
  signal?.throwIfAborted();
}

/** @throws TypeError for null; RangeError for an option that is not in `known` */
export function checkNames(options: object, known?: object): void {
  if (options === null) throw wrongType("options", "an object", options);
  if (known) for (const name in options) checkChoice("option", Object.keys(known), name);
}

/** Checks the value of an option. @throws RangeError for an unknown value. */
export function checkChoice(option: string, choices: readonly string[], value: string): void {
  if (!choices.includes(value))
    throw new RangeError(`${option}: expected one of ${choices.join(", ")}, got ${value}.`);
}

/** @throws RangeError for a count that is none */
export function checkCount(name: string, value: number, most = Number.POSITIVE_INFINITY): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  const range = most < Number.POSITIVE_INFINITY ? `from 1 to ${most}` : "of 1 or more";
  const got = typeof value === "string" ? `"${value}"` : value;
  throw new RangeError(`${name}: expected a whole number ${range}, got ${got}.`);
}

export function wrongType(name: string, expected: string, value: unknown): TypeError {
  return new TypeError(`${name}: expected ${expected}, got ${typeName(value)}.`);
}

/** The name of a value's class. */
export function typeName(value: unknown): string {
  return (value as object | undefined)?.constructor?.name ?? String(value);
}

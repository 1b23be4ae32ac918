/** Reads untrusted JSON: every getter returns its type, or throws an error that names the field. */
import { ModelFormatError, UnsupportedModelError } from "../errors/errors.ts";
import { visible } from "../errors/visible.ts";

/** A JSON object with unchecked fields. */
export type Fields = Record<string, unknown>;

/** Whether a text is HTML: some servers send a page for a missing file. */
export function isWebPage(text: string): boolean {
  return /^\s*</.test(text);
}

/**
 * Parses the text of `file`, with or without a byte order mark.
 * @throws ModelFormatError for anything that is not JSON
 */
export function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    const got = isWebPage(text) ? "a web page (HTML)" : `${text.length} characters that do not parse`;
    throw new ModelFormatError(`${file}: expected JSON, got ${got}. Check the file and its URL.`, {
      // The parser quotes the text.
      cause: visible(String(cause)),
    });
  }
}

/** An untrusted value for a message: short and on one line. */
export function quote(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value !== "string") return String(value);
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
}

/** The error for a field of the wrong type. */
export function malformed(who: string, expected: string, got: unknown): ModelFormatError {
  return new ModelFormatError(`${who}: expected ${expected}, got ${quote(got)}.`);
}

/** The error for a valid setting that vit8 does not support. */
export function unsupported(who: string, supported: unknown, got: unknown): UnsupportedModelError {
  return new UnsupportedModelError(
    `${who}: expected ${supported}, got ${quote(got)}, which is not supported.`,
  );
}

export function asFields(value: unknown, who: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw malformed(who, "a JSON object", value);
}

/** The value of an own field; undefined if it is absent or null. */
export function field(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? (fields[key] ?? undefined) : undefined;
}

export function readInteger(
  fields: Fields,
  key: string,
  min: number,
  max: number,
  fallback?: number,
): number {
  return asInteger(field(fields, key) ?? fallback, key, min, max);
}

export function asInteger(value: unknown, who: string, min: number, max: number): number {
  if (typeof value !== "number" || !Number.isInteger(value)) {
    throw malformed(who, "an integer", value);
  }
  if (value >= min && value <= max) return value;
  throw unsupported(who, `${min} to ${max}`, value);
}

/** A finite number greater than zero. */
export function readPositive(fields: Fields, key: string, fallback?: number): number {
  const value = field(fields, key) ?? fallback;
  if (typeof value === "number" && value > 0 && value < Number.POSITIVE_INFINITY) return value;
  throw malformed(key, "a number above 0", value);
}

export function readBoolean(fields: Fields, key: string, fallback: boolean): boolean {
  const value = field(fields, key) ?? fallback;
  if (typeof value === "boolean") return value;
  throw malformed(key, "true or false", value);
}

export function readText(fields: Fields, key: string): string | undefined {
  const value = field(fields, key);
  if (value === undefined || typeof value === "string") return value;
  throw malformed(key, "text", value);
}

/** Three numbers for red, green and blue; a single number counts for all three. */
export function readChannels(
  fields: Fields,
  key: string,
  fallback: readonly number[],
): [number, number, number] {
  const given = field(fields, key) ?? fallback;
  const values: unknown[] = Array.isArray(given) ? given : [given, given, given];
  if (values.length === 3 && values.every(Number.isFinite)) return values as [number, number, number];
  throw malformed(key, "three finite numbers", given);
}

/** The entry of `table` for a name; throws UnsupportedModelError with the known names. */
export function oneOf<T>(value: unknown, who: string, table: Record<string, T>): T {
  if (typeof value === "string" && Object.hasOwn(table, value)) return table[value];
  throw unsupported(
    who,
    `one of ${Object.keys(table)
      .map((name) => name || '""')
      .join(", ")}`,
    value,
  );
}

/** Throws UnsupportedModelError if a present field has a value other than the supported one. */
export function checkFixed(fields: Fields, fixed: Fields): void {
  for (const [key, value] of Object.entries(fixed)) {
    const got = field(fields, key) ?? value;
    if (got !== value) throw unsupported(key, quote(value), got);
  }
}

export interface Size {
  width: number;
  height: number;
}

/** A size in pixels, 1 to `max`, written as one number, as `[height, width]` or as `{height, width}`. */
export function asSize(value: unknown, who: string, max: number): Size {
  const side = (given: unknown) => asInteger(given, who, 1, max);
  if (typeof value === "number") return { width: side(value), height: side(value) };
  if (Array.isArray(value) && value.length === 2) return { width: side(value[1]), height: side(value[0]) };
  const fields = asFields(value, who);
  return { width: side(field(fields, "width")), height: side(field(fields, "height")) };
}

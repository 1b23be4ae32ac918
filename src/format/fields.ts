/** Checked reading of untrusted JSON: every getter returns what it promises or throws an error naming the field. */
import { ModelFormatError, UnsupportedModelError } from "../errors/errors.ts";

/** A JSON object whose fields nobody has checked. */
export type Fields = Record<string, unknown>;

/** Parses the text of `file`; throws ModelFormatError for anything that is not JSON, a web page by name. */
export function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const came = /^\s*</.test(text) ? "a web page (HTML)" : `${text.length} characters that do not parse`;
    throw new ModelFormatError(`${file}: expected JSON, but it holds ${came}`, { cause });
  }
}

/** An untrusted value in a message: short, on one line, never walked into. */
export function quote(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value !== "string") return String(value);
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
}

export function asFields(value: unknown, who: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new ModelFormatError(`${who}: expected a JSON object, but it is ${quote(value)}`);
}

/** The own value of a field; undefined when it is absent or null. */
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
    throw new ModelFormatError(`${who}: expected an integer, but it is ${quote(value)}`);
  }
  if (value >= min && value <= max) return value;
  throw new UnsupportedModelError(`${who}: ${min} to ${max} is supported, but it is ${value}`);
}

/** A finite number greater than zero. */
export function readPositive(fields: Fields, key: string, fallback?: number): number {
  const value = field(fields, key) ?? fallback;
  if (typeof value === "number" && value > 0 && value < Number.POSITIVE_INFINITY) return value;
  throw new ModelFormatError(`${key}: expected a number above 0, but it is ${quote(value)}`);
}

export function readBoolean(fields: Fields, key: string, fallback: boolean): boolean {
  const value = field(fields, key) ?? fallback;
  if (typeof value === "boolean") return value;
  throw new ModelFormatError(`${key}: expected true or false, but it is ${quote(value)}`);
}

/** A number for each of red, green and blue; one number stands for all three. */
export function readChannels(fields: Fields, key: string, fallback: number[]): [number, number, number] {
  const given = field(fields, key) ?? fallback;
  const values: unknown[] = Array.isArray(given) ? given : [given, given, given];
  if (values.length === 3 && values.every(Number.isFinite)) return values as [number, number, number];
  throw new ModelFormatError(`${key}: expected three finite numbers, but it is ${quote(given)}`);
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

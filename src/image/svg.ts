// The size of an SVG, by the rules of librsvg as sharp calls it, and the SVG with that size in pixels.

import type { EncodedSize } from "./encoded-size.ts";
import { rootAt } from "./format-name.ts";

export interface SizedSvg extends EncodedSize {
  readonly markup: string;
}

/** Pixels in a unit, at 72 dots an inch; the default font's size for `em` and `ex`. */
const UNITS: Record<string, number> = {
  "": 1,
  px: 1,
  pt: 1,
  pc: 12,
  in: 72,
  cm: 72 / 2.54,
  mm: 7.2 / 2.54,
  em: 12,
  ex: 6,
};
/** The size that CSS gives an image without one. */
const DEFAULT = { width: 300, height: 150 };
const ATTRIBUTE = /\s([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/**
 * Browsers draw an SVG without a size at one of their own, or not at all; this one has a size, and the namespace that makes it an
 * SVG. Lengths in per cent are relative to nothing here and count as absent.
 */
export function sizedSvg(markup: string): SizedSvg {
  const at = rootAt(markup);
  const tag = /^<[^\s>/]+(?:[^>"']|"[^"]*"|'[^']*')*>/.exec(markup.slice(at))?.[0] ?? "";
  const attributes = new Map(
    [...tag.matchAll(ATTRIBUTE)].map(([, name, double, single]) => [name, double ?? single]),
  );
  const { width, height } = sizeOf(attributes);
  const rest = tag.replace(ATTRIBUTE, (all, name) => (name === "width" || name === "height" ? "" : all));
  const [element] = /^<[^\s>/]+/.exec(rest) ?? [""];
  const missing = element === "<svg" && !attributes.has("xmlns") ? ' xmlns="http://www.w3.org/2000/svg"' : "";
  const sized = `${element}${missing} width="${width}" height="${height}"${rest.slice(element.length)}`;
  // The declaration may name the encoding that the text had.
  const prologue = markup.slice(0, at).replace(/^\s*<\?xml[\s\S]*?\?>/, "");
  return { markup: prologue + sized + markup.slice(at + tag.length), width, height };
}

function sizeOf(attributes: ReadonlyMap<string, string>): EncodedSize {
  const width = lengthOf(attributes.get("width"));
  const height = lengthOf(attributes.get("height"));
  const [, , columns = 0, rows = 0] = (attributes.get("viewBox") ?? "")
    .trim()
    .split(/[\s,]+/)
    .map(Number);
  const box = columns > 0 && rows > 0 ? { width: columns, height: rows } : undefined;
  const { width: wide, height: high } = box ?? DEFAULT;
  return {
    width: Math.round(width ?? (box && height !== undefined ? (height * wide) / high : wide)),
    height: Math.round(height ?? (box && width !== undefined ? (width * high) / wide : high)),
  };
}

/** In pixels; undefined if it is missing, a percentage or not a length. */
function lengthOf(text = ""): number | undefined {
  const [, number, unit] = /^\s*\+?(\d*\.?\d+(?:e[+-]?\d+)?|\d+\.)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const pixels = UNITS[unit?.toLowerCase()];
  return pixels === undefined ? undefined : Number(number) * pixels;
}

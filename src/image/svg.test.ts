import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { accepted } from "../testing/accepted.ts";
import { markupText } from "./format-name.ts";
import { sizedSvg } from "./svg.ts";

const namespace = 'xmlns="http://www.w3.org/2000/svg"';
const content = '<rect width="80" height="60" fill="#fff"/><circle cx="40" cy="30" r="20"/>';
const svg = (attributes: string, before = "") => `${before}<svg ${namespace} ${attributes}>${content}</svg>`;
const box = 'viewBox="0 0 80 60"';
const doctype =
  '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">';
const sizeOf = async (file: string) => {
  const { width, height } = await sharp(Buffer.from(file)).metadata();
  return { width, height };
};

describe(
  accepted("Images", "the size of an SVG: from width and height, their units, the viewBox", "sharp 0.35.5"),
  () => {
    test.each([
      ["in pixels", svg('width="80" height="60"')],
      ["in px, with fractions", svg('width="80.4px" height="60.6px"')],
      ["of the viewBox", svg(box)],
      ["of a viewBox with fractions and commas", svg('viewBox="0,0, 80.4,60.6"')],
      ["one side, and the viewBox", svg(`width="160" ${box}`)],
      ["the other side, and the viewBox", svg(`height="160" ${box}`)],
      ["in per cent", svg(`width="100%" height="50%" ${box}`)],
      ["auto", svg(`width="auto" height="auto" ${box}`)],
      ["in mm", svg(`width="10mm" height="20mm" ${box}`)],
      ["in cm and in", svg(`width="10cm" height="2in" ${box}`)],
      ["in pt and pc", svg(`width="72pt" height="6pc" ${box}`)],
      ["in em and ex", svg(`width="10em" height="10ex" ${box}`)],
      ["in single quotes", svg("viewBox='0 0 80 60'")],
      [
        "behind a mark, a declaration, a comment with a size and a document type",
        `\ufeff<?xml version="1.0"?>\n<!-- <svg width="7"> -->${doctype}${svg(box)}`,
      ],
      ["behind entities", svg(box, '<!DOCTYPE svg [<!ENTITY a "<svg width=\'9\'>"><!ENTITY b "]">]>')],
      ["without a namespace", `<svg ${box}>${content}</svg>`],
      ["of other elements' attributes nothing", svg(`${box} stroke-width="9" data-height="3"`)],
    ])("%s", async (_, file) => {
      const { markup, width, height } = sizedSvg(markupText(Buffer.from(file)));
      expect({ width, height }).toEqual(await sizeOf(file));
      // The drawing contains its own size.
      expect(await sizeOf(markup)).toEqual({ width, height });
      expect(markup).toMatch(/<svg[^>]* xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    });
  },
);

test("a size in thousands stays one, and no viewBox is a browser's 300 by 150", () => {
  expect(sizedSvg(svg('width="1e5" height="100000"'))).toMatchObject({ width: 1e5, height: 1e5 });
  expect(sizedSvg(svg(""))).toMatchObject({ width: 300, height: 150 });
});

test("text in UTF-16 and in the encoding of its declaration is read as that", () => {
  const declared = '<?xml version="1.0" encoding="ISO-8859-1"?><svg><!-- é --></svg>';
  expect(markupText(Buffer.from(declared, "latin1"))).toBe(declared);
  expect(sizedSvg(declared).markup).not.toContain("ISO");
  expect(markupText(Buffer.from(`\ufeff${svg(box)}`, "utf16le"))).toBe(svg(box));
  expect(markupText(Buffer.from('<?xml encoding="none"?><svg/>'))).toContain("<svg/>");
});

import { gzipSync } from "node:zlib";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { formatName } from "./format-name.ts";

const picture = sharp({ create: { width: 16, height: 16, channels: 3, background: "teal" } });
const text = (characters: string) => Buffer.from(characters, "latin1");
const box = (brand: string, ...others: string[]) => text(`\0\0\0\x20ftyp${brand}\0\0\0\0${others.join("")}`);

describe("a file's format by its first bytes", () => {
  test.each<[string, () => Promise<Uint8Array>]>([
    ["PNG", () => picture.clone().png().toBuffer()],
    ["JPEG", () => picture.clone().jpeg().toBuffer()],
    ["GIF", () => picture.clone().gif().toBuffer()],
    ["WebP", () => picture.clone().webp().toBuffer()],
    ["TIFF", () => picture.clone().tiff().toBuffer()],
    ["TIFF", () => picture.clone().tiff({ bigtiff: true }).toBuffer()],
    ["AVIF", () => picture.clone().avif().toBuffer()],
  ])("%s as sharp writes it", async (name, encode) => expect(formatName(await encode())).toBe(name));

  test.each([
    ["HEIC", box("heic", "mif1", "heic")],
    ["HEIC", box("mif1", "mif1", "heic")],
    ["HEIC", box("msf1", "hevc")],
    ["HEIF", box("mif1", "mif1", "miaf")],
    ["AVIF", box("mif1", "avif", "miaf")],
    ["Canon raw (CR3)", box("crx ")],
    ["MP4 or QuickTime video", box("isom", "iso2", "mp41")],
    ["JPEG XL", text("\xff\x0a\x00")],
    ["JPEG XL", text("\0\0\0\x0cJXL \r\n\x87\n")],
    ["JPEG 2000", text("\0\0\0\x0cjP  \r\n\x87\n")],
    ["Photoshop (PSD)", text("8BPS\0\x01")],
    ["PDF", text("%PDF-1.7")],
    ["BMP", text("BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0")],
    ["ICO", text("\0\0\x01\0\x01\0")],
    ["SVGZ or another gzip file", gzipSync("<svg/>")],
    ["WebM or Matroska video", text("\x1a\x45\xdf\xa3")],
    ["PNM", text("P6 2 2 255\n")],
    ["SVG", text('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    [
      "SVG",
      text('\xef\xbb\xbf<?xml version="1.0"?><!-- <html> -->\n<!DOCTYPE svg [<!ENTITY a "]>">]><svg:svg>'),
    ],
    ["SVG", Buffer.from("\ufeff<svg/>", "utf16le")],
    ["web page", text("<!DOCTYPE html><html><body><svg></svg>")],
    ["web page", text("\n<html>")],
    ["Git LFS pointer", text("version https://git-lfs.github.com/spec/v1\n")],
  ])("%s", (name, bytes) => expect(formatName(bytes)).toBe(name));

  test("of anything else nothing, and it always ends", () => {
    for (const bytes of [
      text(""),
      text("B"),
      text("not a picture"),
      text("{}"),
      text("<a/>"),
      text("<!DOCTYPE svg ["),
    ])
      expect(formatName(bytes)).toBeUndefined();
    expect(formatName(text(`<!DOCTYPE ${"[".repeat(65_000)}`))).toBeUndefined();
    expect(formatName(text(`<!--${"-".repeat(65_000)}`))).toBeUndefined();
    expect(formatName(text(`${" <!DOCTYPE a 'x' [".repeat(4000)}`))).toBeUndefined();
  });
});

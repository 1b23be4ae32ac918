import { afterEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import { PictureError } from "../errors/errors.ts";
import type { ImageClassifier } from "./api.ts";
import { openPicture, type Picture } from "./picture.ts";

const bytes = (length: number) => new Uint8Array(length);

test("pixels in memory open as they are, and as ImageData names them", async () => {
  const rgba = bytes(2 * 3 * 4);
  expect(await openPicture({ width: 2, height: 3, rgba })).toMatchObject({ width: 2, height: 3 });
  const data = new Uint8ClampedArray(rgba);
  expect(await openPicture({ width: 3, height: 2, data })).toMatchObject({ width: 3, height: 2 });
});

describe("what is no picture is refused with a PictureError", () => {
  test.each<[string, unknown, RegExp]>([
    ["null", null, /^image: expected a URL, Blob, <img>.*, got null\.$/],
    ["an object", {}, /, got Object\.$/],
    ["too few bytes", { width: 4, height: 4, rgba: bytes(63) }, /expected 64 RGBA bytes .* got 63/],
    ["one pixel", { width: 1, height: 1, rgba: bytes(4) }, /2 pixels or more/],
    ["a broken size", { width: 2.5, height: 2, rgba: bytes(20) }, /whole pixels/],
  ])("%s", async (_, picture, message) => {
    const error = await openPicture(picture as Picture).catch((e) => e);
    expect(error).toBeInstanceOf(PictureError);
    expect(error.message).toMatch(message);
  });
});

// TypeScript infers from the last overload, which is also the one that its errors explain.
test("a wrong image is compared with one image", () => {
  expectTypeOf<Parameters<ImageClassifier["classify"]>[0]>().toEqualTypeOf<Picture>();
  expectTypeOf<Parameters<ImageClassifier["logits"]>[0]>().toEqualTypeOf<Picture>();
  expectTypeOf<Parameters<ImageClassifier["embed"]>[0]>().toEqualTypeOf<Picture>();
});

describe("a file that claims gigapixels is refused before it is decoded", () => {
  const u16 = (value: number) => [value >> 8, value & 255];
  const text = (characters: string) => [...characters].map((character) => character.charCodeAt(0));
  const bombs: Record<string, number[]> = {
    PNG: [
      ...text("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
      0,
      0,
      ...u16(60_000),
      0,
      0,
      ...u16(60_000),
      8,
      6,
      0,
      0,
      0,
    ],
    JPEG: [0xff, 0xd8, 0xff, 0xc0, 0, 17, 8, ...u16(60_000), ...u16(60_000), 3],
    GIF: [...text("GIF89a"), 0x60, 0xea, 0x60, 0xea, 0, 0, 0],
    WebP: [...text("RIFF\0\0\0\0WEBPVP8X"), 10, 0, 0, 0, 0, 0, 0, 0, 0x5f, 0xea, 0, 0x5f, 0xea, 0],
    BMP: [...text("BM"), ...Array(16).fill(0), 0x60, 0xea, 0, 0, 0x60, 0xea, 0, 0],
    AVIF: [...text("\0\0\0\x18ftypavif\0\0\0\0ispe"), 0, 0, 0, 0, 0, 0, ...u16(60_000), 0, 0, ...u16(60_000)],
  };
  afterEach(() => vi.unstubAllGlobals());

  test.each(Object.entries(bombs))("%s", async (_, file) => {
    const decode = vi.fn();
    vi.stubGlobal("createImageBitmap", decode);
    const opened = openPicture(new Blob([Uint8Array.from(file)]));
    await expect(opened).rejects.toThrow(PictureError);
    await expect(opened).rejects.toThrow("at most 100 megapixels, got 60000 x 60000");
    expect(decode).not.toHaveBeenCalled();
  });
});

describe("a file that is not decoded says why in one line", () => {
  afterEach(() => vi.unstubAllGlobals());
  const refuse = () =>
    Promise.reject(new DOMException("The source image could not be decoded.", "InvalidStateError"));

  test.each<[string, string, RegExp]>([
    ["a.heic", "\0\0\0\x18ftypheic\0\0\0\0mif1heic", /^a.heic: .*HEIC is not supported by this browser/],
    ["a.png", "\x89PNG\r\n\x1a\n", /^a.png: damaged, truncated.* PNG/],
    ["a.jpg", "<!doctype html>", /^a.jpg: .*web page/],
    ["a.gif", "", /^a.gif: the file is empty/],
    ["a.txt", "a text", /^a.txt: .*unknown format/],
    ["a.svg", "<svg/>", /^a.svg: a worker cannot draw SVG/], // nor by Node
  ])("%s", async (name, text, message) => {
    vi.stubGlobal("createImageBitmap", refuse);
    const file = new File([Buffer.from(text, "latin1")], name);
    const error = await openPicture(file).catch((e) => e);
    expect(error).toBeInstanceOf(PictureError);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain("\n");
  });

  test("where nothing decodes, what to pass instead", async () => {
    const opened = openPicture(new Blob(["x"]));
    await expect(opened).rejects.toThrow(PictureError);
    await expect(opened).rejects.toThrow("Pass { width, height, rgba }, or in Node import vit8/node");
  });
});

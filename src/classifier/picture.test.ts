import { describe, expect, test } from "vitest";
import { PictureError } from "../errors/errors.ts";
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
    ["null", null, /is not a picture; pass a Blob/],
    ["a string", "cat.jpg", /String: is not a picture; pass a Blob/],
    ["an object", {}, /is not a picture/],
    ["too few bytes", { width: 4, height: 4, rgba: bytes(63) }, /should be 64 RGBA bytes, got 63/],
    ["one pixel", { width: 1, height: 1, rgba: bytes(4) }, /too small/],
    ["a broken size", { width: 2.5, height: 2, rgba: bytes(20) }, /whole pixels/],
  ])("%s", async (_, picture, message) => {
    const error = await openPicture(picture as Picture).catch((e) => e);
    expect(error).toBeInstanceOf(PictureError);
    expect(error.message).toMatch(message);
  });
});

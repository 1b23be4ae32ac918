import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { encodedSize } from "./encoded-size.ts";

const [width, height] = [37, 23];
const picture = sharp({ create: { width, height, channels: 3, background: "teal" } });
const blobOf = (...parts: Uint8Array[]) => new Blob(parts as BlobPart[]);

describe("the size that a file says", () => {
  test.each<[string, () => Promise<Buffer>]>([
    ["PNG", () => picture.clone().png().toBuffer()],
    ["GIF", () => picture.clone().gif().toBuffer()],
    ["JPEG", () => picture.clone().jpeg().toBuffer()],
    ["progressive JPEG", () => picture.clone().jpeg({ progressive: true }).toBuffer()],
    ["JPEG with a profile", () => picture.clone().withIccProfile("p3").jpeg().toBuffer()],
    ["lossy WebP", () => picture.clone().webp().toBuffer()],
    ["lossless WebP", () => picture.clone().webp({ lossless: true }).toBuffer()],
    ["WebP with a profile", () => picture.clone().withIccProfile("p3").webp().toBuffer()],
    ["AVIF", () => picture.clone().avif().toBuffer()],
  ])("%s", async (_, encode) => {
    expect(await encodedSize(blobOf(await encode()))).toEqual({ width, height });
  });

  test("BMP, also upside down", async () => {
    const head = new DataView(new ArrayBuffer(54));
    new Uint8Array(head.buffer).set([0x42, 0x4d]);
    head.setInt32(18, 5, true);
    head.setInt32(22, -7, true);
    expect(await encodedSize(blobOf(new Uint8Array(head.buffer)))).toEqual({ width: 5, height: 7 });
  });

  test("BMP of OS/2, whose sides have 16 bits", async () => {
    const head = new DataView(new ArrayBuffer(30));
    new Uint8Array(head.buffer).set([0x42, 0x4d]);
    head.setUint32(14, 12, true);
    head.setUint16(18, 5, true);
    head.setUint16(20, 7, true);
    expect(await encodedSize(blobOf(new Uint8Array(head.buffer)))).toEqual({ width: 5, height: 7 });
  });

  test("JPEG after 300 kB of other segments, with pictures among them", async () => {
    const jpeg = await picture.jpeg().toBuffer();
    const thumbnail = await sharp({ create: { width: 9, height: 9, channels: 3, background: "red" } })
      .jpeg()
      .toBuffer();
    const segment = Buffer.concat([
      Buffer.from([0xff, 0xe1, 0xff, 0xff]),
      thumbnail,
      Buffer.alloc(65_533 - thumbnail.length),
    ]);
    const file = blobOf(jpeg.subarray(0, 2), segment, segment, segment, segment, segment, jpeg.subarray(2));
    expect(await encodedSize(file)).toEqual({ width, height });
  });
});

test("what is cut, damaged or no picture says nothing, and does not throw", async () => {
  const files = await Promise.all([
    picture.clone().png().toBuffer(),
    picture.clone().jpeg().toBuffer(),
    picture.clone().webp().toBuffer(),
    picture.clone().avif().toBuffer(),
  ]);
  for (const file of files)
    for (let length = 0; length < Math.min(file.length, 400); length++) {
      const size = await encodedSize(blobOf(file.subarray(0, length)));
      if (size) expect(size).toEqual({ width, height });
    }
  expect(await encodedSize(new Blob(["<svg width='9e9' height='9e9'/>"]))).toBeUndefined();
});

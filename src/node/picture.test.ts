import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { deflateSync, gzipSync } from "node:zlib";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { PictureError } from "../errors/errors.ts";
import { readPicture } from "./picture.ts";

const folder = mkdtempSync(path.join(tmpdir(), "vit8-"));
const file = (name: string, bytes: Uint8Array) => {
  const full = path.join(folder, name);
  writeFileSync(full, bytes);
  return full;
};

/** Red, green and blue of every pixel, row by row. */
async function rgbOf(source: string | Uint8Array): Promise<number[][]> {
  const { rgba, width, height } = await readPicture(source);
  expect(rgba).toHaveLength(width * height * 4);
  return Array.from({ length: width * height }, (_, i) => [...rgba.subarray(i * 4, i * 4 + 3)]);
}

describe("modes come out as Pillow's convert('RGB')", () => {
  const GREY = 0;
  const RGB = 2;
  const PALETTE = 3;
  const RGBA = 6;

  test("alpha is dropped, not blended", async () => {
    const rows = [
      [200, 100, 50, 0, 10, 20, 30, 128],
      [1, 2, 3, 255, 4, 5, 6, 1],
    ];
    expect(await rgbOf(png(RGBA, 8, rows))).toEqual([
      [200, 100, 50],
      [10, 20, 30],
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });

  test("a transparent palette entry keeps its colour", async () => {
    const palette = { PLTE: [9, 8, 7, 60, 50, 40], tRNS: [0, 255] };
    const rows = [
      [0, 1],
      [1, 0],
    ];
    expect(await rgbOf(png(PALETTE, 8, rows, palette))).toEqual([
      [9, 8, 7],
      [60, 50, 40],
      [60, 50, 40],
      [9, 8, 7],
    ]);
  });

  test("16-bit colours give their high byte", async () => {
    const row = [0x12, 0xff, 0x80, 0x00, 0xff, 0x7f, 0, 255, 1, 0, 2, 128];
    expect((await rgbOf(png(RGB, 16, [row, row]))).slice(0, 2)).toEqual([
      [0x12, 0x80, 0xff],
      [0, 1, 2],
    ]);
  });

  test("16-bit grey is clipped at 255", async () => {
    const row = [0, 254, 1, 0, 0, 7];
    expect((await rgbOf(png(GREY, 16, [row, row]))).slice(0, 3)).toEqual([
      [254, 254, 254],
      [255, 255, 255],
      [7, 7, 7],
    ]);
  });

  test("CMYK: white paper is white, and ink darkens by Pillow's product", async () => {
    const ink = Buffer.alloc(16 * 16 * 4, Buffer.from([51, 0, 102, 85]));
    const raw = { width: 16, height: 16, channels: 4 } as const;
    const tiff = await sharp(ink, { raw }).tiff({ compression: "none" }).toBuffer();
    // TIFF tag 262, PhotometricInterpretation: 5 is CMYK; sharp wrote it as RGB with alpha.
    expect((await rgbOf(asCmyk(tiff)))[0]).toEqual([170 - 34, 170, 170 - 68]);
  });

  test("no colour profile is applied", async () => {
    const plain = png(RGB, 8, [
      [250, 10, 10, 10, 250, 10],
      [10, 10, 250, 90, 90, 90],
    ]);
    const p3 = await sharp(plain).keepIccProfile().withIccProfile("p3").png().toBuffer();
    const stored = await sharp(p3, { ignoreIcc: true }).raw().toBuffer();
    expect((await rgbOf(p3)).flat()).toEqual([...stored]);
    expect([...stored]).not.toEqual((await rgbOf(plain)).flat());
  });
});

describe("a compressed SVG", () => {
  test("is read as the SVG inside", async () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="3" height="2"><path fill="#0f0" d="M0 0h3v2H0z"/></svg>';
    expect(await rgbOf(gzipSync(svg))).toEqual(new Array(6).fill([0, 255, 0]));
  });
});

test("a picture is turned upright by its EXIF orientation", async () => {
  const solid = (width: number, background: string) =>
    sharp({ create: { width, height: 32, channels: 3, background } });
  const redOnTheLeft = await solid(64, "blue")
    .composite([{ input: await solid(32, "red").png().toBuffer(), left: 0, top: 0 }])
    .jpeg({ quality: 100, chromaSubsampling: "4:4:4" })
    .withMetadata({ orientation: 6 })
    .toBuffer();
  const { width, height, rgba } = await readPicture(redOnTheLeft);
  expect([width, height]).toEqual([32, 64]);
  expect(rgba[0]).toBeGreaterThan(200); // what was left is now on top
  expect(rgba.at(-4)).toBeLessThan(50);
});

test("an animation gives its first frame", async () => {
  const whiteThenBlack =
    "R0lGODlhAgACAIAAAExpcf///yH5BAUAAAAALAAAAAACAAIAAAICjFMAIfkEBQAAAAAsAAAAAAIAAgCATGlxAAAAAgKMUwA7";
  const gif = Buffer.from(whiteThenBlack, "base64");
  const { height, rgba } = await readPicture(gif);
  expect(height).toBe(2);
  expect([...rgba].every((v) => v === 255)).toBe(true);
});

describe("what cannot be read is said in one line that names the file", () => {
  const noise = Buffer.from(Array.from({ length: 96 * 96 * 3 }, (_, i) => (i * 7919) % 251));
  const source = () => sharp(noise, { raw: { width: 96, height: 96, channels: 3 } });
  const half = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2);
  const svg = (side: number, content = "", before = "") =>
    Buffer.from(
      `${before}<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}">${content}</svg>`,
    );
  /** Entities that make a gigabyte of one letter. */
  const laughs = () => {
    const next = (_: unknown, i: number) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`;
    const entities = Array.from({ length: 9 }, next).join("");
    return svg(64, "<text>&e9;</text>", `<!DOCTYPE svg [<!ENTITY e0 "x">${entities}]>`);
  };
  /** Its two sides of 16 bits, after a JPEG marker or at a place of their own, made as large as they can be. */
  const patched = (bytes: Buffer, marker: number | undefined, offset: number) => {
    const at = offset + (marker ? bytes.indexOf(Buffer.from([0xff, marker])) : 0);
    return Buffer.concat([
      bytes.subarray(0, at),
      Buffer.from([0xff, 0x3f, 0xff, 0x3f]),
      bytes.subarray(at + 4),
    ]);
  };
  /** The first box of a file of ISO's media format. */
  const boxed = (text: string) =>
    Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from(text.padEnd(200, "\0"))]);
  const header = (width: number, height: number) => png(2, 8, [[0, 0, 0]], {}, [width, height]);

  test.each([
    ["text.png", async () => Buffer.from("not a picture"), /unknown format/],
    ["empty.jpg", async () => Buffer.alloc(0), /is empty/],
    ["half.png", async () => half(await source().png().toBuffer()), /damaged or truncated/],
    ["half.jpg", async () => half(await source().jpeg().toBuffer()), /damaged or truncated/],
    ["half.gif", async () => half(await source().gif().toBuffer()), /damaged or truncated/],
    ["one.png", async () => png(2, 8, [[1, 2, 3]]), /2 pixels or more .* got 1 x 1/],
    ["huge.png", async () => header(20_000, 20_000), /at most 100 megapixels, got 20000 x 20000/],
    ["huge.svg", async () => svg(60_000), /at most 100 megapixels, got 60000 x 60000/],
    ["huge.jpg", async () => patched(await source().jpeg().toBuffer(), 0xc0, 5), /at most 100 megapixels/],
    ["huge.webp", async () => patched(await source().webp().toBuffer(), undefined, 26), /megapixels|damaged/],
    ["laughing.svg", async () => laughs(), /damaged or truncated/],
    ["long.png", async () => header(70_000, 2), /at most 65,535 pixels/],
    [
      "old.bmp",
      async () => Buffer.from("BM and then some"),
      /BMP is not supported in Node\. Convert it to JPEG or PNG/,
    ],
    [
      "phone.heic",
      async () => boxed("ftypheic\0\0\0\0mif1heic"),
      /HEIC is not supported in Node\. Convert it/,
    ],
    ["new.jxl", async () => Buffer.from([0xff, 0x0a, ...new Array(64).fill(0)]), /JPEG XL is not supported/],
    ["page.jpg", async () => Buffer.from("<!DOCTYPE html><html><p>Not found"), /web page/],
    ["scan.pdf", async () => Buffer.from("%PDF-1.7\n%\xe2"), /PDF is not supported/],
    ["icon.ico", async () => Buffer.from([0, 0, 1, 0, 1, 0, 16, 16]), /ICO is not supported/],
    ["film.mp4", async () => boxed("ftypisom"), /MP4 or QuickTime video is not supported/],
    [
      "lfs.jpg",
      async () => Buffer.from("version https://git-lfs.github.com/spec/v1\n"),
      /Git LFS pointer is not supported/,
    ],
  ])("%s", async (name, bytes, expected) => {
    const full = file(name, await bytes());
    const error = await readPicture(full).catch((e) => e);
    expect(error).toBeInstanceOf(PictureError);
    expect(error.message).toMatch(expected);
    expect(error.message.startsWith(`${full}: `)).toBe(true);
    expect(error.message).not.toContain("\n");
  });

  test("a name that is not UTF-8, as Node gives it", async () => {
    await expect(readPicture("caf\ufffd.png")).rejects.toThrow(/ENOENT.* not UTF-8/);
  });

  test("a missing file, a folder", async () => {
    await expect(readPicture(path.join(folder, "none.png"))).rejects.toThrow(
      /none.png: cannot be read \(ENOENT/,
    );
    await expect(readPicture(folder)).rejects.toThrow(/expected a file/);
  });

  test.skipIf(process.platform === "win32")("a pipe that nobody writes to", async () => {
    const pipe = path.join(folder, "pipe.png");
    execFileSync("mkfifo", [pipe]);
    await expect(readPicture(pipe)).rejects.toThrow(/expected a file/);
  });
});

/** A PNG of the given color type and depth, from the bytes of its rows. */
function png(
  colourType: number,
  depth: number,
  rows: number[][],
  chunks: Record<string, number[]> = {},
  size = [(rows[0].length * 8) / depth / { 0: 1, 2: 3, 3: 1, 6: 4 }[colourType]!, rows.length],
): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size[0], 0);
  header.writeUInt32BE(size[1], 4);
  header[8] = depth;
  header[9] = colourType;
  const data = deflateSync(Buffer.concat(rows.map((row) => Buffer.from([0, ...row]))));
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    ...Object.entries(chunks).map(([name, bytes]) => chunk(name, Buffer.from(bytes))),
    chunk("IDAT", data),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const framed = Buffer.alloc(named.length + 8);
  framed.writeUInt32BE(data.length, 0);
  named.copy(framed, 4);
  framed.writeUInt32BE(crc32(named), named.length + 4);
  return framed;
}

/** The same little-endian TIFF with its four channels declared as ink, and no extra sample. */
function asCmyk(tiff: Buffer): Buffer {
  const copy = Buffer.from(tiff);
  const directory = copy.readUInt32LE(4);
  for (let entry = 0; entry < copy.readUInt16LE(directory); entry++) {
    const at = directory + 2 + entry * 12;
    const tag = copy.readUInt16LE(at);
    if (tag === 262) copy.writeUInt16LE(5, at + 8);
    if (tag === 338) copy.writeUInt16LE(0, at + 8);
  }
  return copy;
}

function crc32(bytes: Buffer): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

test("a path of several lines stays out of the reason", async () => {
  await expect(readPicture("/no\nsuch.jpg")).rejects.toThrow(
    /^\/no\nsuch\.jpg: cannot be read \(ENOENT: [\w ]+\)\.$/,
  );
});

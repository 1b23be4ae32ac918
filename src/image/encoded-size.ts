/**
 * Reads the size of an image from the first bytes of its file, so that an image of gigapixels is rejected before a decoder allocates memory
 * for it. Sources: PNG 3rd edition 11.2.1, GIF89a 18, ITU-T T.81 B.2.2, RFC 9649 (WebP), BITMAPINFOHEADER, ISO/IEC 23008-12 6.5.3 (AVIF).
 */

import { checkPictureSize } from "./picture.ts";

export interface EncodedSize {
  readonly width: number;
  readonly height: number;
}

/** Throws PictureError if the size of the image in the file is not supported. `name` is its name in the message. */
export async function checkFileSize(file: Blob, name: string): Promise<void> {
  const size = await encodedSize(file);
  if (size) checkPictureSize(name, size.width, size.height);
}

const HEAD_BYTES = 65_536;

/** Undefined for another format, or if the file is too damaged. */
export async function encodedSize(file: Blob): Promise<EncodedSize | undefined> {
  const head = await viewOf(file, 0);
  const text = String.fromCharCode(...new Uint8Array(head.buffer, 0, Math.min(16, head.byteLength)));
  try {
    if (text.startsWith("\x89PNG")) return { width: head.getUint32(16), height: head.getUint32(20) };
    if (text.startsWith("GIF8")) return { width: head.getUint16(6, true), height: head.getUint16(8, true) };
    if (text.startsWith("BM")) return sizeOfBmp(head);
    if (text.startsWith("\xff\xd8")) return await sizeOfJpeg(file, head);
    if (/^RIFF[\s\S]{4}WEBP/.test(text)) return sizeOfWebp(head, text.slice(12));
    return text.slice(4, 8) === "ftyp" ? sizeOfAvif(head) : undefined;
  } catch {
    return undefined; // the file ends before the size
  }
}

/** The bytes of a file. Through a Response: a Blob's own `arrayBuffer` never settles when its window is gone. */
export async function bytesOf(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(file).arrayBuffer());
}

async function viewOf(file: Blob, at: number): Promise<DataView> {
  return new DataView((await bytesOf(file.slice(at, at + HEAD_BYTES))).buffer);
}

/** BITMAPCOREHEADER, of OS/2, has 16 bits for a side. */
function sizeOfBmp(head: DataView): EncodedSize {
  if (head.getUint32(14, true) === 12)
    return { width: head.getUint16(18, true), height: head.getUint16(20, true) };
  return { width: Math.abs(head.getInt32(18, true)), height: Math.abs(head.getInt32(22, true)) };
}

/** From one marker to the next until a frame header: images inside the application's segments are passed over. */
async function sizeOfJpeg(file: Blob, head: DataView): Promise<EncodedSize | undefined> {
  let view = head;
  let start = 0;
  for (let at = 2; ; ) {
    if (at + 9 - start > view.byteLength) {
      view = await viewOf(file, at);
      start = at;
    }
    if (view.getUint8(at - start) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1 - start);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { width: view.getUint16(at + 7 - start), height: view.getUint16(at + 5 - start) };
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2 - start);
  }
}

function sizeOfWebp(head: DataView, chunk: string): EncodedSize | undefined {
  if (chunk === "VP8 ")
    return { width: head.getUint16(26, true) & 0x3fff, height: head.getUint16(28, true) & 0x3fff };
  if (chunk === "VP8L") {
    const bits = head.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (chunk !== "VP8X") return undefined;
  return { width: (head.getUint32(24, true) & 0xffffff) + 1, height: (head.getUint32(26, true) >>> 8) + 1 };
}

/** The largest of the sizes that its items have. */
function sizeOfAvif(head: DataView): EncodedSize | undefined {
  const ISPE = 0x69737065;
  let largest: EncodedSize | undefined;
  for (let at = 0; at + 16 <= head.byteLength; at++) {
    if (head.getUint32(at) !== ISPE) continue;
    const size = { width: head.getUint32(at + 8), height: head.getUint32(at + 12) };
    if (!largest || size.width * size.height > largest.width * largest.height) largest = size;
  }
  return largest;
}

// What a file is by its first bytes, where it is nothing that sharp reads.

/** Name, where its sign is, and the signs. */
const FORMATS: readonly (readonly [string, number, ...string[]])[] = [
  ["BMP", 0, "BM"],
  ["HEIC", 4, "ftyphei", "ftyphev", "ftypmif1", "ftypmsf1"],
  ["a video", 4, "ftypis", "ftypmp4", "ftypM4V", "ftypqt"],
  ["a video", 0, "\x1aE\xdf\xa3"],
  ["JPEG XL", 0, "\xff\x0a"],
  ["JPEG XL", 4, "JXL "],
  ["JPEG 2000", 0, "\xffO\xffQ"],
  ["JPEG 2000", 4, "jP  "],
  ["PDF", 0, "%PDF-"],
  ["Photoshop (PSD)", 0, "8BPS"],
  ["ICO", 0, "\0\0\x01\0"],
  ["OpenEXR", 0, "v/1\x01"],
  ["Radiance HDR", 0, "#?RADIANCE", "#?RGBE"],
  ["PNM", 0, ...[1, 2, 3, 4, 5, 6, 7].map((kind) => `P${kind}\n`)],
  ["QOI", 0, "qoif"],
  ["DDS", 0, "DDS "],
  ["FITS", 0, "SIMPLE  ="],
  ["gzip", 0, "\x1f\x8b"],
  ["a ZIP archive", 0, "PK\x03\x04"],
  ["a pointer of Git LFS", 0, "version https://git-lfs"],
];

/** Undefined for what is not known. */
export function formatName(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(64, bytes.byteLength)).toString("latin1");
  if (/^\W*(?:!doctype html|html)\b/i.test(head)) return "a web page (HTML)";
  return FORMATS.find(([, at, ...signs]) => signs.some((sign) => head.startsWith(sign, at)))?.[0];
}

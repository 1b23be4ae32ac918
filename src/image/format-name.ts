// The format of a file from its first bytes, in words for messages: "HEIC", "PDF", "a web page".

type Bytes = Uint8Array;

/** Offset and the characters there, by name. The first that fits counts. */
const SIGNATURES: readonly (readonly [name: string, at: number, text: string])[] = [
  ["PNG", 0, "\x89PNG\r\n\x1a\n"],
  ["JPEG", 0, "\xff\xd8\xff"],
  ["GIF", 0, "GIF8"],
  ["BMP", 0, "BM"],
  ["ICO", 0, "\0\0\x01\0"],
  ["CUR", 0, "\0\0\x02\0"],
  ["JPEG XL", 0, "\xff\x0a"],
  ["JPEG XL", 0, "\0\0\0\x0cJXL "],
  ["JPEG 2000", 0, "\0\0\0\x0cjP  "],
  ["JPEG 2000", 0, "\xff\x4f\xff\x51"],
  ["JPEG XR", 0, "II\xbc"],
  ["Canon raw (CR2)", 8, "CR\x02"],
  ["TIFF", 0, "II*\0"],
  ["TIFF", 0, "MM\0*"],
  ["TIFF", 0, "II+\0"],
  ["TIFF", 0, "MM\0+"],
  ["Fujifilm raw", 0, "FUJIFILM"],
  ["Photoshop (PSD)", 0, "8BPS"],
  ["GIMP (XCF)", 0, "gimp xcf"],
  ["PDF", 0, "%PDF"],
  ["PostScript", 0, "%!PS"],
  ["QOI", 0, "qoif"],
  ["DDS", 0, "DDS "],
  ["OpenEXR", 0, "\x76\x2f\x31\x01"],
  ["Radiance HDR", 0, "#?"],
  ["farbfeld", 0, "farbfeld"],
  ["SVGZ or another gzip file", 0, "\x1f\x8b"],
  ["ZIP", 0, "PK\x03\x04"],
  ["WebM or Matroska video", 0, "\x1a\x45\xdf\xa3"],
  ["Git LFS pointer", 0, "version https://git-lfs"],
];

/** Brands of ISO base media files (ISO/IEC 14496-12). */
const BRANDS: readonly (readonly [name: string, brand: RegExp])[] = [
  ["AVIF", /^avi[fs]/],
  ["HEIC", /^(hei[cmsx]|hev[cmsx])/],
  ["HEIF", /^(mif1|msf1)/],
  ["Canon raw (CR3)", /^crx /],
  ["MP4 or QuickTime video", /^/],
];

/** Undefined for an unknown format. @param head at least the first 64 bytes, if there are as many */
export function formatName(head: Bytes): string | undefined {
  const text = latin1(head.subarray(0, 64));
  const signature = SIGNATURES.find(([, at, characters]) => text.startsWith(characters, at));
  if (signature) return signature[0];
  if (/^RIFF[\s\S]{4}WEBP/.test(text)) return "WebP";
  if (text.startsWith("ftyp", 4)) return brandName(text);
  if (/^P[1-7]\s/.test(text)) return "PNM";
  return markupName(head);
}

/** The first brand of a HEIC file may be `mif1`, with the actual one after it; the same is true of AVIF. */
function brandName(text: string): string | undefined {
  const brands = [8, 16, 20, 24, 28, 32].map((at) => text.slice(at, at + 4));
  return BRANDS.find(([, brand]) => brands.some((it) => brand.test(it)))?.[0];
}

const UTF16 = { "\xff\xfe": "utf-16le", "\xfe\xff": "utf-16be" } as Record<string, string>;

/** The text of markup, in the encoding that its byte order mark or XML declaration names. */
export function markupText(bytes: Bytes): string {
  const start = latin1(bytes.subarray(0, 200));
  const declared = /^<\?xml[^>]*?\bencoding\s*=\s*["']([\w.:-]+)["']/.exec(start)?.[1];
  const encoding = UTF16[start.slice(0, 2)] ?? declared ?? "utf-8";
  try {
    return new TextDecoder(encoding).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes); // of an encoding that is none
  }
}

/** Allowed before the root: white space, declarations, comments and a document type with its entities. */
const COMMENT = "<!--(?:(?!-->)[^])*-->";
const QUOTED = `"[^"]*"|'[^']*'`;
const ENTITIES = `\\[(?:${COMMENT}|${QUOTED}|(?!<!--)[^"'\\]])*\\]`;
const DOCTYPE = `<!doctype(?:${ENTITIES}|${QUOTED}|[^[>"'])*>`;
const PROLOGUE = new RegExp(`^(?:\\s+|<\\?(?:(?!\\?>)[^])*\\?>|${COMMENT}|${DOCTYPE})*`, "i");

/** The beginning of the root element. */
export function rootAt(markup: string): number {
  return PROLOGUE.exec(markup)![0].length;
}

function markupName(head: Bytes): string | undefined {
  const text = markupText(head);
  const root = text.slice(rootAt(text), rootAt(text) + 200);
  if (/^<(?:[\w.-]+:)?svg[\s>/]/.test(root)) return "SVG";
  return /^<(?:html|head|body|title|meta|script|div|p)\b/i.test(root) ||
    /<!doctype html/i.test(text.slice(0, 1000))
    ? "web page"
    : undefined;
}

function latin1(bytes: Bytes): string {
  return String.fromCharCode(...bytes);
}

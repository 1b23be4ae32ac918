/**
 * Reads and checks the header of a safetensors file: after this every tensor is known to lie inside the file, alone,
 * with as many bytes as its shape needs. Source of the layout: the format section of the safetensors README.
 */
import { ModelFormatError } from "../errors/errors.ts";
import { bytesPerElement, type Dtype, elementCount } from "../tensor/dtype.ts";
import { doubt } from "./absence.ts";
import { asFields, field, parseJson, quote } from "./fields.ts";

export type SafetensorsDtype = Dtype;

/** One tensor of the file; `begin` and `end` are byte offsets in the data section. */
export interface TensorEntry {
  name: string;
  dtype: SafetensorsDtype;
  shape: number[];
  begin: number;
  end: number;
}

export interface SafetensorsHeader {
  /** In the order of their bytes. */
  entries: TensorEntry[];
  /** Bytes before the data section. */
  dataOffset: number;
  /** Bytes of the whole file. */
  byteLength: number;
}

/** Bytes of the length field that a file starts with. */
export const LENGTH_BYTES = 8;
/** Enough for 65,536 tensors; a header with the reference implementation's limit of 100 MB would take gigabytes when parsed. */
const MAX_HEADER_BYTES = 8 * 2 ** 20;
/** A ViT of 200 blocks has under 4,000. */
const MAX_TENSORS = 65_536;

/**
 * Parses the first bytes of a file, which must reach to the end of the header.
 * Throws ModelFormatError for any inconsistency, before anything is allocated for a tensor.
 */
export function parseSafetensorsHeader(bytes: Uint8Array, fileByteLength?: number): SafetensorsHeader {
  const dataOffset = LENGTH_BYTES + readHeaderByteLength(bytes, fileByteLength);
  if (bytes.byteLength < dataOffset) throw truncated(dataOffset, bytes.byteLength);
  const fields = asFields(parseJson(decodeHeader(bytes.subarray(LENGTH_BYTES, dataOffset)), WHO), WHO);
  const names = Object.keys(fields).filter((name) => name !== METADATA);
  if (names.length > MAX_TENSORS) {
    throw new ModelFormatError(`${WHO}: expected at most ${MAX_TENSORS} tensors, got ${names.length}.`);
  }
  const entries = names.map((name) => parseEntry(name, fields[name]));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  const byteLength = dataOffset + checkContiguous(entries);
  if (fileByteLength !== undefined && fileByteLength !== byteLength)
    throw truncated(byteLength, fileByteLength);
  return { entries, dataOffset, byteLength };
}

/** The header's length, once it is known to be possible; `bytes` are the first of the file. What throws may be absent. */
export function readHeaderByteLength(bytes: Uint8Array, fileByteLength?: number): number {
  const foreign = recogniseForeign(bytes);
  if (foreign) throw doubt(new ModelFormatError(`safetensors file: expected tensors, got ${foreign}.`));
  if (bytes.byteLength < LENGTH_BYTES) throw doubt(truncated(LENGTH_BYTES, bytes.byteLength));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true);
  const most = Math.min(MAX_HEADER_BYTES, (fileByteLength ?? Number.POSITIVE_INFINITY) - LENGTH_BYTES);
  if (length >= 2 && length <= most) return length;
  const got = `${length}. The file is truncated, or is not a safetensors file: download it again.`;
  throw doubt(new ModelFormatError(`${WHO}: expected 2 to ${most} bytes, got ${got}`));
}

/** The error of a file with too few or too many bytes. */
export function truncated(expected: number, got: number | string): ModelFormatError {
  return new ModelFormatError(`safetensors file: expected ${expected} bytes, got ${got}. Download it again.`);
}

const WHO = "safetensors header";
/** Metadata of the program that wrote the file; not read here. */
const METADATA = "__metadata__";

/** Recognizes, from the first bytes, the files that servers often send instead of weights. */
function recogniseForeign(bytes: Uint8Array): string | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, LENGTH_BYTES));
  // a length within bounds has zeros here, and may look like any text before them
  if (start.length === LENGTH_BYTES && start.endsWith("\0\0\0\0")) return undefined;
  if (/^(\xef\xbb\xbf)?\s*</.test(start)) return "a web page (HTML)";
  if (start === "version ") return "a Git LFS pointer (the repository was cloned without its large files)";
  if (/^\s*\{/.test(start)) return "JSON";
  if (start.startsWith("PK\x03\x04")) return "a zip archive (a PyTorch checkpoint?)";
  return undefined;
}

function decodeHeader(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ModelFormatError(`${WHO}: expected UTF-8 text, got other bytes.`, { cause });
  }
}

function parseEntry(name: string, value: unknown): TensorEntry {
  const who = `tensor ${quote(name)}`;
  const fields = asFields(value, who);
  const dtype = field(fields, "dtype");
  const size = typeof dtype === "string" ? bytesPerElement(dtype) : undefined;
  if (!size) throw new ModelFormatError(`${who}: expected a known dtype, got ${quote(dtype)}.`);
  const shape = asCounts(field(fields, "shape"), `${who} shape`);
  const offsets = asCounts(field(fields, "data_offsets"), `${who} data_offsets`);
  const [begin, end] = offsets;
  if (offsets.length !== 2 || begin > end) {
    throw new ModelFormatError(`${who}: expected data_offsets [begin, end], got ${offsets.slice(0, 3)}.`);
  }
  const expected = elementCount(shape) * size;
  if (end - begin !== expected) {
    throw new ModelFormatError(
      `${who}: expected ${expected} bytes for ${dtype} [${shape.slice(0, 8)}], got ${end - begin}.`,
    );
  }
  return { name, dtype: dtype as Dtype, shape, begin, end };
}

function asCounts(value: unknown, who: string): number[] {
  if (Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0)) return value;
  throw new ModelFormatError(`${who}: expected an array of counts, got ${quote(value)}.`);
}

/** Bytes of the data section; throws when tensors overlap or leave a hole. */
function checkContiguous(entries: TensorEntry[]): number {
  let reached = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== reached) {
      const fault = begin < reached ? "overlaps the tensor before it" : "leaves a hole before it";
      throw new ModelFormatError(
        `tensor ${quote(name)}: ${fault}: expected offset ${reached}, got ${begin}.`,
      );
    }
    reached = end;
  }
  return reached;
}

/** A safetensors file of which the header and the tensors that are wanted are requested, and no more than a little beside them. */
import { ModelLoadError } from "../errors/errors.ts";
import { mayBeAbsent } from "./absence.ts";
import { versionOf } from "./download.ts";
import type { ByteRange, ModelFolder } from "./model-folder.ts";
import {
  LENGTH_BYTES,
  parseSafetensorsHeader,
  readHeaderByteLength,
  type SafetensorsHeader,
  type TensorEntry,
  truncated,
} from "./safetensors-header.ts";
import {
  ByteSource,
  type ByteStream,
  type OpenFile,
  openSafetensors,
  type StreamedTensors,
  type StreamOptions,
  type Wanted,
} from "./safetensors-stream.ts";

/** Most headers are shorter: 100 bytes for each of 1,000 tensors. */
const FIRST_BYTES = 2 ** 17;
/** Unneeded bytes whose download takes no longer than another request. */
const GAP_BYTES = 2 ** 20;

/**
 * As `openSafetensors`; undefined if the folder has no such file. A folder or a server without support for ranges is read as a whole, from
 * the response to the first request. Also throws ModelLoadError if the file changes between two parts.
 */
export async function openParts(
  folder: ModelFolder,
  name: string,
  options: StreamOptions,
): Promise<OpenFile | undefined> {
  const { signal } = options;
  // Some servers reject a range of a file that they send as a whole.
  const first = await folder.open(name, signal, { begin: 0, end: FIRST_BYTES }).catch((error) => {
    if (!mayBeAbsent(error)) throw error;
    return folder.open(name, signal);
  });
  if (!first?.isPart) return first && openSafetensors(first, options);
  const open = async (range: ByteRange) => sameFile(first, await folder.open(name, signal, range), name);
  const header = await readHeader(first, open, signal);
  return {
    ...header,
    tensors: (wanted) => takeParts(header, open, options, wanted),
    close: async () => {},
  };
}

/** Bytes that `openParts` requests for these tensors. */
export const bytesOfParts = (header: SafetensorsHeader, wanted?: Wanted): number =>
  partsOf(header, wanted).reduce((sum, { begin, end }) => sum + end - begin, 0);

type Open = (range: ByteRange) => Promise<ByteStream>;

async function readHeader(first: ByteStream, open: Open, signal?: AbortSignal): Promise<SafetensorsHeader> {
  const start = await bytesOf(first, FIRST_BYTES, signal);
  const end = LENGTH_BYTES + readHeaderByteLength(start);
  if (end <= start.length || start.length < FIRST_BYTES) return parseSafetensorsHeader(start);
  const rest = await bytesOf(await open({ begin: start.length, end }), end - start.length, signal);
  return parseSafetensorsHeader(new Uint8Array(await new Blob([start, rest]).arrayBuffer()));
}

async function bytesOf(
  file: ByteStream,
  most: number,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const source = new ByteSource(file.stream, signal, () => {});
  const bytes = await source.take(most);
  await finish(source, file);
  return bytes as Uint8Array<ArrayBuffer>;
}

/** A part is read to its end, or else the browser does not keep it. */
async function finish(source: ByteSource, { isPart }: ByteStream): Promise<void> {
  if (isPart) await source.skip(1);
  await source.close();
}

interface Part extends ByteRange {
  readonly entries: TensorEntry[];
}

/** The wanted tensors; those that have little between them are in one part. */
function partsOf({ entries, dataOffset }: SafetensorsHeader, wanted: Wanted = () => true): Part[] {
  const parts: { begin: number; end: number; entries: TensorEntry[] }[] = [];
  for (const entry of entries.filter(wanted)) {
    const [begin, end] = [dataOffset + entry.begin, dataOffset + entry.end];
    const last = parts.at(-1);
    if (last && begin - last.end < GAP_BYTES) {
      last.end = end;
      last.entries.push(entry);
    } else parts.push({ begin, end, entries: [entry] });
  }
  return parts;
}

async function* takeParts(
  header: SafetensorsHeader,
  open: Open,
  { signal, onBytes }: StreamOptions,
  wanted?: Wanted,
): StreamedTensors {
  const total = bytesOfParts(header, wanted);
  let before = 0;
  for (const part of partsOf(header, wanted)) {
    const byteLength = part.end - part.begin;
    const file = await open(part);
    const tell = (loaded: number) => onBytes?.(before + Math.min(loaded, byteLength), total);
    const source = new ByteSource(file.stream, signal, tell);
    try {
      let at = part.begin;
      for (const entry of part.entries) {
        const [begin, length] = [header.dataOffset + entry.begin, entry.end - entry.begin];
        await source.skip(begin - at);
        const bytes = await source.take(length);
        if (bytes.length < length) throw truncated(byteLength, source.loaded);
        at = begin + length;
        yield { entry, bytes };
      }
      await finish(source, file);
    } finally {
      await source.close();
    }
    before += byteLength;
  }
}

/** @throws ModelLoadError where the file that this is a part of is another one by now */
async function sameFile(first: ByteStream, file: ByteStream | undefined, name: string): Promise<ByteStream> {
  const version = ({ headers }: ByteStream) => headers && versionOf(headers);
  if (file && version(file) === version(first)) return file;
  await file?.stream.cancel();
  throw new ModelLoadError(`${name}: changed on the server during the download. Load it again.`);
}

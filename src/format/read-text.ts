/** The text of a file, whichever Unicode encoding its byte order mark names. */
import { ModelLoadError, Vit8Error } from "../errors/errors.ts";

/** A config with 21,843 labels, twice, has 3 MB. */
const MAX_TEXT_BYTES = 8 * 2 ** 20;

/** UTF-8, or UTF-16 with a byte order mark, as PowerShell writes; the mark is removed. */
export function decodeText(bytes: Uint8Array): string {
  const mark = (bytes[0] << 8) | bytes[1];
  const encoding = mark === 0xfffe ? "utf-16le" : mark === 0xfeff ? "utf-16be" : "utf-8";
  return new TextDecoder(encoding).decode(bytes);
}

/** Throws ModelLoadError for more than 8 MiB and for a stream that breaks, and the signal's reason. */
export async function readText(
  name: string,
  stream: ReadableStream<Uint8Array> | null,
  signal?: AbortSignal,
): Promise<string> {
  if (!stream) return "";
  const reader = stream.getReader();
  const pieces: Uint8Array[] = [];
  let byteLength = 0;
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      byteLength += piece.value.length;
      if (byteLength > MAX_TEXT_BYTES) {
        throw new ModelLoadError(`${name}: expected at most ${MAX_TEXT_BYTES} bytes of text, got more.`);
      }
      pieces.push(piece.value);
    }
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof Vit8Error) throw cause;
    throw new ModelLoadError(`${name}: reading stopped after ${byteLength} bytes. Try again.`, { cause });
  } finally {
    await reader.cancel().catch(() => {});
  }
  return decodeText(new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer()));
}

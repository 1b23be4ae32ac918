/** The text of a stream, read piece by piece so that a file of any size takes bounded memory. */
import { ModelLoadError, Vit8Error } from "../errors/errors.ts";

/** A config with 21,843 labels, twice, has 3 MB. */
const MAX_TEXT_BYTES = 8 * 2 ** 20;

/** Throws ModelLoadError for more than 8 MiB and for a stream that breaks, and the signal's reason. */
export async function readText(
  name: string,
  stream: ReadableStream<Uint8Array> | null,
  signal?: AbortSignal,
): Promise<string> {
  if (!stream) return "";
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let byteLength = 0;
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      byteLength += piece.value.length;
      if (byteLength > MAX_TEXT_BYTES) {
        throw new ModelLoadError(`${name}: expected at most ${MAX_TEXT_BYTES} bytes of text, but more came`);
      }
      text += decoder.decode(piece.value, { stream: true });
    }
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof Vit8Error) throw cause;
    throw new ModelLoadError(`${name}: reading broke off after ${byteLength} bytes; try again`, { cause });
  } finally {
    await reader.cancel().catch(() => {});
  }
  return text + decoder.decode();
}

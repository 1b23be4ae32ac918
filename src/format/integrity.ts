/** Whether a file has the bytes that it should: its SHA-256 against one that was requested, or that the Hub knows. */
import { ModelFormatError } from "../errors/errors.ts";
import { download } from "./download.ts";
import type { ByteStream } from "./safetensors-stream.ts";
import { Sha256 } from "./sha256.ts";

/** The same file, whose stream throws ModelFormatError at its end if the hash differs from `integrity`: `sha256-` and base64. */
export function withIntegrity<File extends ByteStream>(file: File, integrity: string): File {
  const bytes = [...atob(integrity.slice("sha256-".length))];
  const digits = bytes.map((byte) => byte.charCodeAt(0).toString(16).padStart(2, "0"));
  return verified(file, Promise.resolve(digits.join("")));
}

/**
 * The same file, whose stream throws ModelFormatError at its end if the hash differs from that of the Git LFS pointer at this URL. The
 * pointer is optional: without one, the file is accepted as one from any other server.
 */
export function withPointer<File extends ByteStream>(file: File, pointer: URL, init?: RequestInit): File {
  return verified(
    file,
    readPointer(pointer, init).catch(() => undefined),
  );
}

function verified<File extends ByteStream>(file: File, known: Promise<string | undefined>): File {
  const sha256 = new Sha256();
  const check = new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, controller) {
      sha256.update(piece);
      controller.enqueue(piece);
    },
    async flush() {
      const expected = await known;
      const got = sha256.hex();
      if (expected && expected !== got)
        throw new ModelFormatError(
          `weights file: expected SHA-256 ${expected}, got ${got}. Download it again.`,
        );
    },
  });
  return { ...file, stream: file.stream.pipeThrough(check) };
}

/** A pointer has three short lines. */
const POINTER_BYTES = 1024;
/** The pointer is requested together with the weights; after the weights, it is waited for no longer than this. */
const LONGEST_MS = 10_000;

/** The SHA-256 in a Git LFS pointer, in hexadecimal digits; undefined if there is no pointer at this URL. */
async function readPointer(address: URL, { signal, ...init }: RequestInit = {}): Promise<string | undefined> {
  const end = new AbortController();
  const abort = () => end.abort();
  const timer = setTimeout(abort, LONGEST_MS);
  signal?.addEventListener("abort", abort);
  try {
    const file = await download(address, { ...init, signal: end.signal });
    const text = file && (await readStart(file.stream));
    return /^version https:\/\/git-lfs\.[\s\S]*^oid sha256:([0-9a-f]{64})$/m.exec(text ?? "")?.[1];
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

async function readStart(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (
    let piece = await reader.read();
    !piece.done && text.length < POINTER_BYTES;
    piece = await reader.read()
  )
    text += decoder.decode(piece.value, { stream: true });
  await reader.cancel();
  return text;
}

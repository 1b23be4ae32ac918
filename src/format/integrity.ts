/** Whether a file has the bytes that it should: its SHA-256 against the one that is asked for, or known on the Hub. */
import { ModelFormatError } from "../errors/errors.ts";
import { download } from "./download.ts";
import type { ByteStream } from "./safetensors-stream.ts";
import { Sha256 } from "./sha256.ts";

/** Takes the file piece by piece; `finish` throws ModelFormatError when they are other bytes than expected. */
export function checkOf(file: ByteStream, integrity?: string) {
  const sha256 = new Sha256();
  // what the Hub knows is a bonus: a file that it tells nothing about is as good as one from elsewhere
  const known = integrity ? Promise.resolve(hexOf(integrity)) : file.sha256?.().catch(() => undefined);
  return {
    update: (piece: Uint8Array) => sha256.update(piece),
    async finish() {
      const expected = await known;
      const came = sha256.hex();
      if (expected && expected !== came)
        throw new ModelFormatError(
          `weights file: expected SHA-256 ${expected}, but ${came} came; fetch it again, or mend the integrity asked for`,
        );
    },
  };
}

/** Hexadecimal digits of `sha256-<base64>`. */
function hexOf(integrity: string): string {
  const bytes = [...atob(integrity.slice("sha256-".length))];
  return bytes.map((byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

/** A pointer has three short lines. */
const POINTER_BYTES = 1024;
/** It is on its way while the weights are: whoever waits for it at their end waits in vain. */
const LONGEST_MS = 10_000;

/** The SHA-256 in a Git LFS pointer; undefined when there is none at this address. */
export async function readLfsPointer(pointer: URL): Promise<string | undefined> {
  const file = await download(pointer, { signal: AbortSignal.timeout(LONGEST_MS) });
  if (!file) return undefined;
  const reader = file.stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (
    let piece = await reader.read();
    !piece.done && text.length < POINTER_BYTES;
    piece = await reader.read()
  )
    text += decoder.decode(piece.value, { stream: true });
  await reader.cancel();
  return /^version https:\/\/git-lfs\.[\s\S]*^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1];
}

// A whole run in the fragment of an address: JSON, deflated, in base64url. It never reaches a server.

import type { Run } from "./bench-page.ts";
import { checkedRun } from "./run-format.ts";

const KEY = "#run=";
const MOST_CHARACTERS = 500_000;
const MOST_BYTES = 4_000_000;

/** The fragment, with its #. Numbers keep six digits, twice as many as are shown. */
export async function fragmentOf(run: Run): Promise<string> {
  const json = JSON.stringify(run, (_, value) =>
    typeof value === "number" ? Number(value.toPrecision(6)) : value,
  );
  const deflated = new Blob([json]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return KEY + toBase64Url(new Uint8Array(await new Response(deflated).arrayBuffer()));
}

/** The run of a fragment; undefined where it has none. @throws TypeError for one that cannot be read. */
export async function runOfFragment(fragment: string): Promise<Run | undefined> {
  if (!fragment.startsWith(KEY)) return undefined;
  const text = fragment.slice(KEY.length);
  if (text.length > MOST_CHARACTERS)
    throw new TypeError("Link: the result cannot be read, because it is too long.");
  try {
    const bytes = await inflated(fromBase64Url(text));
    return checkedRun(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (error) {
    throw new TypeError(`Link: the result cannot be read (${error}). Check that the link is complete.`, {
      cause: error,
    });
  }
}

/** Stops where a small text would become a large one. */
async function inflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const chunks: Uint8Array[] = [];
  let byteLength = 0;
  for await (const chunk of stream) {
    byteLength += chunk.length;
    if (byteLength > MOST_BYTES) throw new TypeError("too many bytes");
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}

function toBase64Url(bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
}

import { createHash } from "node:crypto";

export interface KeptFile {
  /** Below the service worker's folder. */
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** `demo/service-worker.ts`, compiled, with what it is to keep, in a cache whose name begins with `prefix`. */
export function keeping(code: string, prefix: string, kept: readonly KeptFile[]): string {
  const hash = createHash("sha256");
  for (const { content } of kept) hash.update(content);
  const names = kept.map(({ name }) => name.replace(/^index\.html$/, "./"));
  return code
    .replace("__FILES__", JSON.stringify(names))
    .replaceAll("__PREFIX__", JSON.stringify(prefix))
    .replace("__VERSION__", JSON.stringify(hash.digest("hex").slice(0, 16)));
}

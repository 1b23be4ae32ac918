/** A server of files by path, for tests: it records its requests, and responds to missing files as configured. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface FileServer {
  /** Without a slash at its end. */
  readonly address: string;
  readonly requests: {
    readonly path: string;
    readonly authorization: string | undefined;
    /** Bytes of the file in the response. */
    readonly byteLength: number;
  }[];
  close(): void;
}

/** As the Hub has them: pages of other origins may read the files, and which version they are. */
const ACROSS_ORIGINS = { "access-control-allow-origin": "*", "access-control-expose-headers": "etag" };

/** 404, as most servers do. */
export const notFound: Answer = (_, response) => response.writeHead(404).end("no");

/** As a server of a single-page app: its page, with status 200. */
export const itsPage: Answer = (_, response) =>
  response
    .writeHead(200, { "content-type": "text/html", etag: '"page"', "access-control-allow-origin": "*" })
    .end("\uFEFF<!doctype html><title>App</title>");

/** As a bucket whose files may be read but not listed. */
export const refused: Answer = (_, response) =>
  response.writeHead(403, { "access-control-allow-origin": "*" }).end("<Error>AccessDenied</Error>");

/** `files` are by path without the leading slash; a function responds itself. `ranges`: supports Range. */
export async function serveFiles(
  files: Record<string, string | Uint8Array | Answer>,
  missing: Answer = notFound,
  ranges = false,
): Promise<FileServer> {
  const requests: FileServer["requests"] = [];
  const server = createServer((request, response) => {
    const path = request.url!.replace(/[?#].*/, "").slice(1);
    const { authorization, range } = request.headers;
    const file = Object.hasOwn(files, path) ? files[path] : missing;
    const bytes = typeof file === "function" ? Buffer.alloc(0) : Buffer.from(file);
    const [, begin, last] = (ranges && /^bytes=(\d+)-(\d*)$/.exec(range ?? "")) || [];
    const part = begin ? bytes.subarray(Number(begin), last ? Number(last) + 1 : undefined) : bytes;
    requests.push({ path, authorization, byteLength: part.length });
    if (typeof file === "function") return file(request, response);
    const headers = { etag: '"file"', "content-length": part.length, ...ACROSS_ORIGINS };
    response.writeHead(begin ? 206 : 200, headers).end(part);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    requests,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A server of one model folder that misbehaves according to the first part of the path: `/503 twice/model.safetensors`. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

export const WEIGHTS = "model.safetensors";
type Files = Record<string, string | Uint8Array>;

/** One request for the file that the fault is about. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly bytes: Buffer;
  /** 1 for the first request under this fault. */
  readonly nth: number;
}

export interface Fault {
  /** The file it is about; default the weights. */
  readonly file?: string;
  answer(exchange: Exchange): void;
  /** The error message; undefined if the model still loads. */
  readonly lost?: RegExp;
}

let etag = '"one"';
const html = "<!doctype html><title>Sign in</title>";

/** Sends the whole file, or the part of the Range header. */
function serve({ request, response, bytes }: Exchange, headers: Record<string, string | number> = {}): void {
  const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const part = bytes.subarray(from);
  const range = from ? { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {};
  response
    .writeHead(from ? 206 : 200, { etag, "content-length": part.length, ...range, ...headers })
    .end(part);
}

function refuse({ response }: Exchange, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, headers).end("no");
}

/** Sends bytes from `from` to `to` of the file under the promise of them all, then ends the connection. */
function breakOff({ response, bytes }: Exchange, from: number, to: number, headers: object = {}): void {
  const range = from ? { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {};
  response.writeHead(from ? 206 : 200, { etag, "content-length": bytes.length - from, ...range, ...headers });
  response.write(bytes.subarray(from, to), () => setTimeout(() => response.destroy(), 5));
}

const half = ({ bytes }: Exchange) => bytes.length >> 1;
/** `first` for the first `times` requests, then the file. */
const passing = (first: (exchange: Exchange) => void, times = 1): Fault => ({
  answer: (exchange) => (exchange.nth <= times ? first(exchange) : serve(exchange)),
});
const always = (answer: (exchange: Exchange) => void, lost: RegExp, file?: string): Fault => ({
  answer,
  lost,
  file,
});
const status = (code: number, lost: RegExp, file?: string) =>
  always((exchange) => refuse(exchange, code), lost, file);
const page = ({ response }: Exchange) => response.writeHead(200, { "content-type": "text/html" }).end(html);
const breakThen = (next: (exchange: Exchange) => void, lost?: RegExp): Fault => ({
  answer: (exchange) => (exchange.nth === 1 ? breakOff(exchange, 0, half(exchange)) : next(exchange)),
  lost,
});
const whole = (exchange: Exchange, headers = {}) =>
  exchange.response.writeHead(200, { etag, ...headers }).end(exchange.bytes);

/** Faults that a load gets over. */
export const SURVIVED: Record<string, Fault> = {
  "503 twice": passing((exchange) => refuse(exchange, 503), 2),
  "500 once, for the config": { ...passing((exchange) => refuse(exchange, 500)), file: "config.json" },
  "502 once": passing((exchange) => refuse(exchange, 502)),
  "504 once": passing((exchange) => refuse(exchange, 504)),
  "408 once": passing((exchange) => refuse(exchange, 408)),
  "429 with Retry-After in seconds": passing((exchange) => refuse(exchange, 429, { "retry-after": "3" })),
  "429 with Retry-After as a date": passing((exchange) =>
    refuse(exchange, 429, { "retry-after": new Date(Date.now() + 9000).toUTCString() }),
  ),
  "the connection reset before an answer": passing(({ request }) => request.socket.destroy(), 2),
  "no answer, never": passing(() => {}),
  "broken off at half": breakThen(serve),
  "broken off four times": {
    answer(exchange) {
      const from = Number(/\d+/.exec(exchange.request.headers.range ?? "0"));
      const to = from + Math.ceil(exchange.bytes.length / 5);
      if (exchange.nth < 5) breakOff(exchange, from, to);
      else serve(exchange);
    },
  },
  "broken off at half, then 503": breakThen((exchange) =>
    exchange.nth === 2 ? refuse(exchange, 503) : serve(exchange),
  ),
  "broken off at half, Range not known": breakThen((exchange) => whole(exchange)),
  "broken off at half, length not told": {
    answer(exchange) {
      if (exchange.nth > 1) return whole(exchange);
      exchange.response.writeHead(200, { etag }).write(exchange.bytes.subarray(0, half(exchange)));
      setTimeout(() => exchange.response.destroy(), 20);
    },
  },
  "silent after half": passing((exchange) => {
    exchange.response.writeHead(200, { etag, "content-length": exchange.bytes.length });
    exchange.response.write(exchange.bytes.subarray(0, half(exchange)));
  }),
  "the config broken off": { ...breakThen(serve), file: "config.json" },
  "a thousand small pieces": {
    async answer({ response, bytes }) {
      response.writeHead(200, { etag, "content-length": bytes.length });
      const step = Math.ceil(bytes.length / 1000);
      for (let at = 0; at < bytes.length; at += step) {
        response.write(bytes.subarray(at, at + step));
        await new Promise(setImmediate);
      }
      response.end();
    },
  },
  "moved to another address": {
    answer: (exchange) =>
      exchange.nth === 1
        ? refuse(exchange, 302, { location: `${exchange.request.url}?moved` })
        : serve(exchange),
  },
  "compressed on the way": {
    answer: ({ response, bytes }) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(bytes, { level: 1 })),
  },
  "length not told": { answer: (exchange) => whole(exchange) },
  "told to be a web page": { answer: (exchange) => serve(exchange, { "content-type": "text/html" }) },
};

/** Faults that end in an error. */
export const REFUSED: Record<string, Fault> = {
  "no weights (404)": status(404, /expected model\.safetensors/),
  "no config (404)": status(404, /expected config\.json/, "config.json"),
  "401": status(401, /got 401.*private/),
  "403": status(403, /got 403.*private/, "config.json"),
  "418": status(418, /got 418/),
  "429 for ever": status(429, /got 429/),
  "503 for ever": status(503, /got 503/),
  "429 with Retry-After of an hour": always(
    (exchange) => refuse(exchange, 429, { "retry-after": "3600" }),
    /got 429/,
  ),
  "a web page for the weights": always(page, /expected tensors, got a web page/),
  "a web page for the config": always(page, /expected JSON, got a web page/, "config.json"),
  "JSON for the weights": always(
    ({ response }) => response.end('{"error":"Repository not found"}'),
    /expected tensors, got JSON/,
  ),
  "a Git LFS pointer": always(
    ({ response }) => response.end("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"),
    /a Git LFS pointer/,
  ),
  "nothing (204)": always(
    ({ response }) => response.writeHead(204).end(),
    /expected model\.safetensors|got 0/,
  ),
  "an empty file": always(({ response }) => response.end(), /expected 8 bytes, got 0/),
  "shorter than its header says": always(
    ({ response, bytes }) => response.end(bytes.subarray(0, bytes.length - 4)),
    /expected \d+ bytes, got \d+/,
  ),
  "longer than its header says": always(
    ({ response, bytes }) => response.end(Buffer.concat([bytes, Buffer.alloc(1)])),
    /expected \d+ bytes, got \d+/,
  ),
  "broken off for ever": always((exchange) => {
    const from = Number(/\d+/.exec(exchange.request.headers.range ?? "0"));
    breakOff(exchange, from, from + 1);
  }, /stopped after \d+ of \d+ bytes/),
  "another file after the break": breakThen(
    (exchange) => serve(exchange, { etag: '"two"' }),
    /changed on the server/,
  ),
  "another length after the break": breakThen(
    (exchange) =>
      whole(
        { ...exchange, bytes: Buffer.concat([exchange.bytes, Buffer.alloc(8)]) },
        { "content-length": exchange.bytes.length + 8 },
      ),
    /changed on the server/,
  ),
  "another part than asked for": breakThen(
    (exchange) => breakOff(exchange, half(exchange) - 4, exchange.bytes.length),
    /changed on the server/,
  ),
  "no such part (416)": breakThen((exchange) => refuse(exchange, 416), /got 416/),
  "gone after the break": breakThen((exchange) => refuse(exchange, 404), /got 404/),
  "damaged compression": always(
    ({ response, bytes }) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(bytes, { level: 1 }).fill(7, 99)),
    /stopped after/,
  ),
  "moved in a circle": always(
    (exchange) => refuse(exchange, 302, { location: exchange.request.url! }),
    /no answer/,
  ),
  "the connection reset for ever": always(({ request }) => request.socket.destroy(), /no answer/),
  "silent for ever": always(() => {}, /no answer.*no data for 30 s/),
};

/** Every fault, with the name that its path begins with. */
export const FAULTS: Record<string, Fault> = { ...SURVIVED, ...REFUSED };

export interface FaultyServer {
  /** The folder's address under a fault, or without one. */
  folder(fault?: string): string;
  /** Requests so far, `method path range`. */
  readonly requests: string[];
  /** Counts every fault's requests from 1 again. */
  forget(): void;
  /** Serves other files, or the same under another ETag. */
  change(files: Files, newEtag?: string): void;
  close(): void;
}

export async function serveFaults(files: Files, headers: Record<string, string> = {}): Promise<FaultyServer> {
  const requests: string[] = [];
  const counts = new Map<string, number>();
  let served = files;
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url!.replace(/\?.*/, ""));
    requests.push([request.method, path, request.headers.range].filter(Boolean).join(" "));
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const [, name, file] = /^\/([^/]*)\/(.*)$/.exec(path) ?? [];
    if (file === undefined || !Object.hasOwn(served, file)) return response.writeHead(404).end();
    const nth = (counts.get(path) ?? 0) + 1;
    counts.set(path, nth);
    const exchange = { request, response, bytes: Buffer.from(served[file]), nth };
    const fault = Object.hasOwn(FAULTS, name) ? FAULTS[name] : undefined;
    if (fault && (fault.file ?? WEIGHTS) === file) fault.answer(exchange);
    else serve(exchange);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    folder: (fault = "sound") => `http://127.0.0.1:${port}/${encodeURIComponent(fault)}`,
    requests,
    forget: () => counts.clear(),
    change(others, newEtag = '"one"') {
      served = others;
      etag = newEtag;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

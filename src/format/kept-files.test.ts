import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { stubCache } from "../testing/kept-cache.ts";
import type { Download } from "./download.ts";
import { KeptFiles } from "./kept-files.ts";

const url = "https://example.com/model/a.bin";
const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 256);

/** A file in ten pieces, of which `failAt` breaks. */
function download(headers: Record<string, string> = { etag: '"one"' }, failAt = 10): Download {
  let piece = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (piece === 10) return controller.close();
      if (piece === failAt) return controller.error(new Error("broken"));
      controller.enqueue(bytes.subarray(piece * 100, ++piece * 100));
    },
  });
  return { stream, byteLength: 1000, headers: new Headers(headers) };
}

async function read(file: Download | undefined): Promise<Uint8Array> {
  return new Uint8Array(await new Response(file?.stream as BodyInit).arrayBuffer());
}

let kept: ReturnType<typeof stubCache>;
beforeEach(() => {
  kept = stubCache();
});
afterEach(() => vi.unstubAllGlobals());

/** Whether it is cached: whether the next load requests it from the server. */
async function isKept(): Promise<boolean> {
  const ask = vi.fn(async () => download());
  const file = await new KeptFiles().open(url, ask);
  await file?.stream.cancel();
  return ask.mock.calls.length === 0;
}

test("a file that was read to its end is kept, with its length", async () => {
  expect(await read(await new KeptFiles().open(url, async () => download()))).toEqual(bytes);
  const again = await new KeptFiles().open(url, () => Promise.reject(new Error("asked")));
  expect(again?.byteLength).toBe(1000);
  expect(await read(again)).toEqual(bytes);
});

describe("nothing is kept of a file", () => {
  test("that was left at half", async () => {
    const file = await new KeptFiles().open(url, async () => download());
    const reader = file!.stream.getReader();
    await reader.read();
    await reader.cancel();
    expect(await isKept()).toBe(false);
    expect(kept.size).toBe(0);
  });

  test("that broke", async () => {
    const file = await new KeptFiles().open(url, async () => download(undefined, 5));
    await expect(read(file)).rejects.toThrow();
    expect(await isKept()).toBe(false);
    expect(kept.size).toBe(0);
  });

  test.each([{}, { etag: '"one"', "cache-control": "private, no-store" }])(
    "whose headers are %j",
    async (headers) => {
      expect(
        await read(await new KeptFiles().open(url, async () => download(headers as Record<string, string>))),
      ).toEqual(bytes);
      expect(await isKept()).toBe(false);
    },
  );

  test("that the server refused; the next who asks gets its turn", async () => {
    const refused = new KeptFiles().open(url, () => Promise.reject(new Error("no")));
    await expect(refused).rejects.toThrow("no");
    expect(await isKept()).toBe(false);
  });
});

test("without a Cache API, or where it is forbidden, the server is asked", async () => {
  vi.stubGlobal("caches", { open: () => Promise.reject(new DOMException("no", "SecurityError")) });
  expect(await read(await new KeptFiles().open(url, async () => download()))).toEqual(bytes);
  vi.stubGlobal("caches", undefined);
  expect(await read(await new KeptFiles().open(url, async () => download()))).toEqual(bytes);
});

const broken = () => Promise.reject(new DOMException("broken", "UnknownError"));

test.each(["match", "put", "delete"])("where the cache's %s fails, the server is asked", async (method) => {
  Object.assign(await caches.open(""), { [method]: broken });
  for (let load = 0; load < 2; load++) {
    const files = new KeptFiles();
    expect(await read(await files.open(url, async () => download()))).toEqual(bytes);
    await files.forget();
    expect(await read(await files.open(url, async () => download()))).toEqual(bytes);
  }
});

test.each([
  ["fail", { locks: { request: broken } }],
  ["are absent", {}],
  [
    "are forbidden",
    {
      get locks() {
        throw new DOMException("no", "SecurityError");
      },
    },
  ],
])("where locks %s, files are kept all the same", async (_, navigator) => {
  vi.stubGlobal("navigator", navigator);
  expect(await read(await new KeptFiles().open(url, async () => download()))).toEqual(bytes);
  expect(await isKept()).toBe(true);
  const refused = new KeptFiles().open(`${url}2`, () => Promise.reject(new Error("no")));
  await expect(refused).rejects.toThrow("no");
});

test("whoever waits for another's download may leave", async () => {
  const held = await new KeptFiles().open(url, async () => download());
  const controller = new AbortController();
  const waiting = new KeptFiles().open(url, async () => download(), controller.signal);
  controller.abort(new Error("enough"));
  await held?.stream.cancel();
  await expect(waiting).rejects.toThrow("enough");
});

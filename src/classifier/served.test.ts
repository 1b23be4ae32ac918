// Models from servers that respond to missing files with something other than 404, and texts with a byte order mark.

import { getEventListeners } from "node:events";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { ModelFormatError, ModelLoadError } from "../errors/errors.ts";
import { listWeights, WEIGHTS_FILE } from "../format/weights.ts";
import { accepted } from "../testing/accepted.ts";
import { type FileServer, itsPage, refused, serveFiles } from "../testing/file-server.ts";
import { hurry } from "../testing/hurry.ts";
import { stubCache } from "../testing/kept-cache.ts";
import type { ImageClassifier } from "../worker/load.ts";
import { LocalClassifier, pagePlatform } from "./local-classifier.ts";
import { madeUpPicture, madeUpTensors, PLAIN, shardsOf, timmFiles } from "./made-up-vit.shared.ts";
import { describeModel } from "./model.ts";

const files = timmFiles(PLAIN, madeUpTensors(PLAIN));
const sharded = shardsOf(files);
const picture = madeUpPicture(PLAIN);

async function logitsOf(model: Parameters<typeof ImageClassifier.load>[0]): Promise<Float32Array> {
  const classifier = await LocalClassifier.loadOn(pagePlatform, model, { device: "cpu" });
  const logits = await classifier.logits(picture);
  await classifier.dispose();
  return logits;
}
const expected = await logitsOf(files);

const servers: FileServer[] = [];
async function serve(...given: Parameters<typeof serveFiles>): Promise<FileServer> {
  const server = await serveFiles(...given);
  servers.push(server);
  return server;
}
afterAll(() => {
  for (const server of servers) server.close();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe.each([
  ["a page with 200", itsPage],
  ["403", refused],
  ["401", (_: unknown, response) => response.writeHead(401).end()],
  ["410", (_: unknown, response) => response.writeHead(410).end()],
  ["400", (_: unknown, response) => response.writeHead(400).end("InvalidArgument")],
  ["405", (_: unknown, response) => response.writeHead(405).end()],
  [
    "words with 200",
    (_: unknown, response) => response.writeHead(200).end("Not found: there is no such file"),
  ],
  ["nothing with 200", (_: unknown, response) => response.writeHead(200).end()],
] as const satisfies [string, Parameters<typeof serveFiles>[1]][])(
  "a server that lacks by %s",
  (_, missing) => {
    test("a folder without preprocessor_config.json", async () => {
      expect(await logitsOf((await serve(files, missing)).address)).toEqual(expected);
    });

    test("shards without model.safetensors, and their heads alone", async () => {
      const { address } = await serve(sharded, missing);
      expect(await logitsOf(address)).toEqual(expected);
      const folder = await pagePlatform.openFolder(address, {});
      expect((await listWeights(folder)).length).toBeGreaterThan(10);
    });

    test("what is needed is an error that says how it was answered", async () => {
      const { "config.json": config, ...weights } = files;
      const told = /a web page \(HTML\)|got 40[0135]|expected config\.json|characters that do not parse/;
      await expect(logitsOf((await serve(weights, missing)).address)).rejects.toThrow(told);
      const lacking = logitsOf((await serve({ "config.json": config }, missing)).address);
      await expect(lacking).rejects.toThrow(
        /a web page \(HTML\)|got 40[0135]|expected model\.safetensors|safetensors header|got 0/,
      );
    });
  },
);

test(
  accepted("Servers", "200 with an app's page for each file that a folder lacks", "vite 8.3.8"),
  async () => {
    expect(await logitsOf((await serve(sharded, itsPage)).address)).toEqual(expected);
  },
);

test(
  accepted("Servers", "403 for each file that a folder lacks", "documentation of Amazon S3 GetObject"),
  async () => {
    expect(await logitsOf((await serve(sharded, refused)).address)).toEqual(expected);
  },
);

test("a page that the browser keeps in place of a file changes no later load", async () => {
  const kept = stubCache();
  const { address, requests } = await serve(files, itsPage);
  expect(await logitsOf(address)).toEqual(expected);
  expect(kept.size).toBe(3);
  requests.length = 0;
  expect(await logitsOf(address)).toEqual(expected);
  // the requests after a load compare the cached files with the server's
  await vi.waitFor(() => expect(requests.map(({ path }) => path)).toHaveLength(3));
  expect(kept.size).toBe(3);
});

test("a page that changes with its app leaves the model kept, and one that becomes a file does not", async () => {
  const kept = stubCache();
  const served: Parameters<typeof serveFiles>[0] = { ...files };
  let version = 0;
  const { address, requests } = await serve(served, (_, response) =>
    response.writeHead(200, { "content-type": "text/html", etag: `"${version++}"` }).end("<!doctype html>"),
  );
  const loadAgain = async () => {
    requests.length = 0;
    const logits = await logitsOf(address);
    await vi.waitFor(() => expect(requests.length).toBeGreaterThanOrEqual(3));
    return logits;
  };
  await loadAgain();
  expect(await loadAgain()).toEqual(expected);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(kept.size).toBe(3);
  served["preprocessor_config.json"] = "{}";
  await logitsOf(address);
  await vi.waitFor(() => expect(kept.size).toBe(0));
});

test("of a model that is a page nothing is kept", async () => {
  const kept = stubCache();
  const { address } = await serve({}, itsPage);
  await expect(logitsOf(address)).rejects.toThrow(ModelFormatError);
  await vi.waitFor(() => expect([...kept.keys()]).toEqual([]));
});

test("a fault of the server is no absence", async () => {
  hurry();
  const { address } = await serve(files, (_, response) => response.writeHead(500).end());
  await expect(logitsOf(address)).rejects.toThrow("got 500");
});

const texts = { ...sharded, "preprocessor_config.json": '{"do_resize":true}' };
/** Every text of the folder by `mark`. */
const marked = (mark: (text: string) => string | Uint8Array): Record<string, string | Uint8Array> =>
  Object.fromEntries(
    Object.entries(texts).map(([name, content]) => [
      name,
      typeof content === "string" ? mark(content) : content,
    ]),
  );
describe(
  accepted(
    "Configuration",
    "JSON after a byte order mark, in UTF-8 and UTF-16",
    "documentation of Windows PowerShell 5.1",
  ),
  () => {
    const swapped = (text: string) => Buffer.from(`\uFEFF${text}`, "utf16le").swap16();
    test.each<[string, (text: string) => string | Uint8Array]>([
      ["text with a mark", (text) => `\uFEFF${text.replaceAll(",", ",\r\n")}`],
      ["UTF-8 with a mark", (text) => Buffer.from(`\uFEFF${text}`)],
      ["UTF-16, little-endian", (text) => Buffer.from(`\uFEFF${text}`, "utf16le")],
      ["UTF-16, big-endian", swapped],
    ])("%s", async (_, mark) => {
      const model = marked(mark);
      const plain = await logitsOf(marked((text) => text));
      expect(await logitsOf(model)).toEqual(plain);
      expect(await logitsOf((await serve(model)).address)).toEqual(plain);
      const blobs = Object.entries(model).map(([name, content]) => new File([content as BlobPart], name));
      expect(await logitsOf(blobs)).toEqual(plain);
      const buffers = Object.entries(model).map(
        ([name, content]) => [name, new Uint8Array(Buffer.from(content)).buffer] as const,
      );
      expect(await logitsOf(new Map(buffers))).toEqual(plain);
      expect(await logitsOf(folderOf(model))).toEqual(plain);
    });

    /** A folder of the caller's own, which hands texts over as they are. */
    function folderOf(model: Record<string, string | Uint8Array>) {
      const text = (name: string) => {
        const content = model[name];
        return content instanceof Uint8Array
          ? new TextDecoder(encodingOf(content), { ignoreBOM: true }).decode(content)
          : content;
      };
      const encodingOf = ([first]: Uint8Array) => ({ 255: "utf-16le", 254: "utf-16be" })[first] ?? "utf-8";
      return {
        id: "own",
        readText: async (name: string) => text(name),
        open: async (name: string) =>
          name in model ? { stream: new Blob([model[name] as BlobPart]).stream() } : undefined,
      };
    }
  },
);

describe("a load that never settles ends with its signal", () => {
  const never = () => new Promise<never>(() => {});
  const silent = () => {};
  const begun = (_: unknown, response: import("node:http").ServerResponse) =>
    void response.writeHead(200, { "content-length": 1e6 }).write("{");
  const { "config.json": config, ...rest } = files;
  const own = (change: object) => ({
    id: "own",
    readText: async (name: string) => (name === "config.json" ? String(config) : undefined),
    open: async () => undefined,
    ...change,
  });
  test.each<[string, () => Promise<Parameters<typeof ImageClassifier.load>[0]>]>([
    ["no answer for the config", async () => (await serve({ ...rest, "config.json": silent })).address],
    ["a config that stops", async () => (await serve({ ...rest, "config.json": begun })).address],
    ["no answer for the weights", async () => (await serve({ ...files, [WEIGHTS_FILE]: silent })).address],
    ["weights that stop", async () => (await serve({ ...files, [WEIGHTS_FILE]: begun })).address],
    [
      "a preprocessor that stops",
      async () => (await serve({ ...files, "preprocessor_config.json": begun })).address,
    ],
    ["shards that stop", async () => (await serve({ ...sharded, "b.safetensors": begun })).address],
    ["a text of a folder of the caller's own", async () => own({ readText: never })],
    ["a file of a folder of the caller's own", async () => own({ open: never })],
    ["its stream", async () => own({ open: async () => ({ stream: new ReadableStream({ pull: never }) }) })],
  ])("%s", async (_, model) => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const loading = LocalClassifier.loadOn(pagePlatform, await model(), {
      device: "cpu",
      signal: controller.signal,
    });
    let at = 0;
    setTimeout(() => {
      at = performance.now();
      controller.abort(reason);
    }, 100);
    await expect(loading).rejects.toBe(reason);
    expect(performance.now() - at).toBeLessThan(100);
  });

  test("a place that is never found", async () => {
    const signal = AbortSignal.timeout(50);
    const platform = { ...pagePlatform, openFolder: never };
    await expect(LocalClassifier.loadOn(platform, "o/n", { signal })).rejects.toThrow("timeout");
  });

  test("in a browser whose cache or locks never answer", async () => {
    const { address } = await serve(files);
    for (const stub of [
      () => vi.stubGlobal("caches", { open: never }),
      () => vi.stubGlobal("navigator", { locks: { request: never } }),
    ]) {
      stubCache();
      stub();
      const controller = new AbortController();
      setTimeout(() => controller.abort(new Error("enough")), 50);
      const { signal } = controller;
      const loading = LocalClassifier.loadOn(pagePlatform, address, { device: "cpu", signal });
      await expect(loading).rejects.toThrow("enough");
    }
  });
});

test("five loads leave no listener on their signal, those that fail neither", async () => {
  const { signal } = new AbortController();
  const { address } = await serve(sharded, itsPage);
  const missing = await serve({ "config.json": files["config.json"] });
  const load = (model: string) => LocalClassifier.loadOn(pagePlatform, model, { device: "cpu", signal });
  const added = vi.spyOn(signal, "addEventListener");
  const removed = vi.spyOn(signal, "removeEventListener");
  for (let i = 0; i < 5; i++) {
    await (await load(address)).dispose();
    await expect(load(missing.address)).rejects.toThrow(ModelLoadError);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  }
  // counting the calls instead of the listeners finds them balanced
  const listeners = new Set(added.mock.calls.map(([, listener]) => listener));
  for (const [, listener] of removed.mock.calls) listeners.delete(listener);
  expect(added).toHaveBeenCalled();
  expect(listeners.size).toBe(0);
});

test("a page in place of config.json is told with its address", async () => {
  const readText = async () => "<!doctype html><title>My app</title>";
  const folder = { id: "https://my.example/models/vit/", readText, open: async () => undefined };
  await expect(describeModel(folder)).rejects.toThrow(
    "https://my.example/models/vit/config.json: expected JSON, got a web page (HTML).",
  );
});

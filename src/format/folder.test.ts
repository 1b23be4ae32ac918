import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { ModelLoadError } from "../errors/errors.ts";
import { hurry } from "../testing/hurry.ts";
import { openFilesFolder } from "./files-folder.ts";
import { type ModelFolder, resolveFolder } from "./folder.ts";
import { openHubFolder, openUrlFolder } from "./url-folder.ts";

let server: Server;
let address: string;
const requested: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const url = request.url!;
    requested.push(url);
    const status = /status-(\d+)/.exec(url)?.[1];
    if (status) return response.writeHead(Number(status)).end("no");
    if (url.endsWith("/absent.json")) return response.writeHead(404).end("no");
    if (url.endsWith("/stalled.json")) return response.writeHead(200, { "content-length": 99 }).write("{");
    if (url.endsWith("/broken.json")) {
      response.writeHead(200, { "content-length": 99 }).write("{");
      return setTimeout(() => response.destroy(), 20);
    }
    if (url.endsWith("/endless.json")) {
      const piece = Buffer.alloc(2 ** 20, 32);
      const send = () => !response.destroyed && response.write(piece, send);
      return send();
    }
    response.end(url.endsWith("/chunked.bin") ? undefined : `{"at":"é ${url}"}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

beforeEach(() => void hurry());
afterEach(() => vi.restoreAllMocks());
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function bytesOf(folder: ModelFolder, name: string): Promise<string | undefined> {
  const file = await folder.open(name);
  return file && new Response(file.stream as BodyInit).text();
}

describe("a folder on a server", () => {
  test("reads text and streams, told the length", async () => {
    const folder = openUrlFolder(`${address}/models/tiny/`);
    expect(await folder.readText("config.json")).toBe('{"at":"é /models/tiny/config.json"}');
    const file = await folder.open("model.safetensors");
    expect(file?.byteLength).toBe(42);
    await file?.stream.cancel();
  });

  test("a query goes with every request, and the slash at the end does not matter", async () => {
    await openUrlFolder(`${address}/models/tiny?token=1#part`).readText("a b.json");
    expect(requested.at(-1)).toBe("/models/tiny/a%20b.json?token=1");
  });

  test("a file that is not there is undefined", async () => {
    expect(await openUrlFolder(address).readText("absent.json")).toBeUndefined();
    expect(await openUrlFolder(address).open("absent.json")).toBeUndefined();
  });

  test.each([
    [401, "private"],
    [403, "private"],
    [429, "too many"],
    [503, "503"],
    [418, "418"],
  ])("status %i is told in words", async (status, words) => {
    const folder = openUrlFolder(`${address}/status-${status}`);
    await expect(folder.readText("config.json")).rejects.toThrow(ModelLoadError);
    await expect(folder.open("config.json")).rejects.toThrow(words);
  });

  test("no answer, an answer that breaks off and one without end are load errors", async () => {
    await expect(openUrlFolder("http://127.0.0.1:1").readText("config.json")).rejects.toMatchObject({
      code: "MODEL_LOAD_FAILED",
    });
    const folder = openUrlFolder(address);
    await expect(folder.readText("broken.json")).rejects.toThrow(/broken\.json: .* 1 of 99 bytes/);
    await expect(folder.readText("endless.json")).rejects.toThrow("expected at most 8388608 bytes");
  });

  test("an abort ends a read that waits, with the signal's reason", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 50);
    await expect(openUrlFolder(address).readText("stalled.json", controller.signal)).rejects.toThrow(
      "enough",
    );
    await expect(openUrlFolder(address).readText("config.json", controller.signal)).rejects.toThrow("enough");
  });

  test.each(["file:///etc", "javascript:alert(1)", "data:,x", "/models/tiny", "http://"])(
    "%s is no address of one",
    (base) => {
      expect(() => openUrlFolder(base)).toThrow(ModelLoadError);
    },
  );
});

describe("a model's name", () => {
  test("on the Hub, with revision and endpoint", async () => {
    const folder = openHubFolder("owner/name.v1", { revision: "refs/pr/1", endpoint: `${address}/mirror/` });
    expect(folder.id).toBe("owner/name.v1");
    expect(await folder.readText("config.json")).toContain(
      "/mirror/owner/name.v1/resolve/refs%2Fpr%2F1/config.json",
    );
  });

  test.each(["name", "a/b/c", "../b", "a/..", "a b/c", "", "a/b?c"])("%j is not owner/name", (id) => {
    expect(() => openHubFolder(id)).toThrow(ModelLoadError);
  });

  test("tells Hub ids, addresses and the Hub's own pages apart", async () => {
    const idOf = async (...given: Parameters<typeof resolveFolder>) => (await resolveFolder(...given)).id;
    const at = { endpoint: address };
    expect(await idOf("owner/name", at)).toBe("owner/name");
    expect(await idOf(" https://huggingface.co/owner/name ", at)).toBe("owner/name");
    expect(await idOf(`${address}/owner/name`)).toBe(`${address}/owner/name`);
    expect(await idOf(new URL(`${address}/x`))).toBe(`${address}/x`);
    await expect(resolveFolder("./models/tiny")).rejects.toThrow("expected an http or https URL");
    expect(await idOf({ id: "mine", readText: async () => undefined, open: async () => undefined })).toBe(
      "mine",
    );
  });
});

describe("files in hand", () => {
  test("contents by name, of every kind", async () => {
    const bytes = new TextEncoder().encode("bytes");
    const folder = await resolveFolder({
      text: "text",
      bytes,
      buffer: bytes.slice().buffer,
      blob: new Blob(["blob"]),
    });
    for (const name of ["text", "bytes", "buffer", "blob"]) {
      const content = name === "buffer" ? "bytes" : name;
      expect(await folder.readText(name)).toBe(content);
      expect(await bytesOf(folder, name)).toBe(content);
      expect((await folder.open(name))?.byteLength).toBe(content.length);
    }
    expect(await folder.readText("toString")).toBeUndefined();
    expect(await folder.open("absent")).toBeUndefined();
  });

  test("of a dropped folder the outermost file counts", async () => {
    const dropped = (path: string) =>
      Object.defineProperty(new File([path], path.split("/").at(-1)!), "webkitRelativePath", { value: path });
    const folder = await resolveFolder([
      dropped("tiny/onnx/config.json"),
      dropped("tiny/config.json"),
      dropped("tiny/myconfig.json"),
    ]);
    expect(folder.id).toBe("tiny");
    expect(await folder.readText("config.json")).toBe("tiny/config.json");
    expect(await folder.readText("model.safetensors")).toBeUndefined();
  });

  test("an aborted read does not begin", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(openFilesFolder({ a: "a" }).readText("a", signal)).rejects.toThrow("enough");
  });
});

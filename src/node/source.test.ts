import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { runInNewContext } from "node:vm";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPicture } from "../classifier/picture.ts";
import { PictureError } from "../errors/errors.ts";
import { accepted } from "../testing/accepted.ts";
import { type NodePicture, readSource } from "./source.ts";

const folder = mkdtempSync(path.join(tmpdir(), "vit8-source-"));
const file = path.join(folder, "a b#%41.png");
const rgba = Buffer.from([1, 2, 3, 255, 40, 50, 60, 255, 7, 8, 9, 255, 100, 110, 120, 255]);
let png: Buffer;

const server = createServer(({ url }, response) => {
  if (url?.startsWith("/none.png")) return response.writeHead(404).end("<html>");
  if (url === "/big.png") return response.writeHead(200, { "content-length": 2 ** 31 }).write("x");
  if (url === "/silent.png") return;
  if (url === "/cut.png")
    return response.writeHead(200, { "content-length": 1000 }).write("x", () => response.destroy());
  if (url === "/page.png")
    return response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>");
  response.end(png);
});
let origin: string;
/** An address without a server. */
let closed: string;
const addressOf = (one: Server) => `http://127.0.0.1:${(one.address() as AddressInfo).port}`;

beforeAll(async () => {
  png = await sharp(rgba, { raw: { width: 2, height: 2, channels: 4 } })
    .png()
    .toBuffer();
  writeFileSync(file, png);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = addressOf(server);
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  closed = addressOf(other);
  await new Promise((resolve) => other.close(resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

const bufferOf = (bytes: Uint8Array) => Uint8Array.from(bytes).buffer;
function shared(): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(png.byteLength);
  new Uint8Array(buffer).set(png);
  return buffer;
}
/** As under Jest: the same class of another realm. */
const foreign = (expression: string) => runInNewContext(expression, { bytes: [...png] });

const ways: [string, () => NodePicture][] = [
  ["a path", () => file],
  ["a file: address", () => pathToFileURL(file).href],
  ["a URL of a file", () => pathToFileURL(file)],
  ["an http: address", () => `${origin}/a.png`],
  ["a URL of a server", () => new URL(`${origin}/a.png?signature=secret`)],
  ["a data: address", () => `data:image/png;base64,${png.toString("base64")}`],
  ["a blob: address", () => URL.createObjectURL(new Blob([Uint8Array.from(png)]))],
  ["a Blob", () => new Blob([Uint8Array.from(png)])],
  ["a File", () => new File([Uint8Array.from(png)], "a.png")],
  ["an ArrayBuffer", () => bufferOf(png)],
  ["a SharedArrayBuffer", shared],
  ["a Buffer", () => png],
  ["a part of a buffer", () => Buffer.concat([Buffer.from("before"), png]).subarray(6)],
  ["a DataView", () => new DataView(bufferOf(png))],
  ["a Uint8ClampedArray", () => Uint8ClampedArray.from(png)],
  ["an ArrayBuffer of another realm", () => foreign("Uint8Array.from(bytes).buffer")],
  ["bytes of another realm", () => foreign("Uint8Array.from(bytes)")],
  ["pixels", () => ({ width: 2, height: 2, rgba })],
  ["pixels as ImageData has them", () => ({ width: 2, height: 2, data: new Uint8ClampedArray(rgba) })],
];

describe(
  accepted(
    "Node",
    "images as paths, file:, http: and data: URLs, Blobs, buffers and views",
    "Node 20 (fetch, Blob, Buffer)",
  ),
  () => {
    test.each(ways)("%s", async (_, make) => {
      const { width, height, ...rest } = await readSource(make());
      expect([width, height]).toEqual([2, 2]);
      expect([...("rgba" in rest ? rest.rgba : rest.data)]).toEqual([...rgba]);
    });
  },
);

describe("what cannot be had is a PictureError that says so", () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      "a missing file",
      () => pathToFileURL(path.join(folder, "none.png")),
      /none\.png: cannot be read \(ENOENT/,
    ],
    [
      "a file of another machine",
      () => "file://elsewhere/a.png",
      /^file:\/\/elsewhere\/a\.png: expected the file: URL/,
    ],
    [
      "a server's no",
      () => `${origin}/none.png?token=secret`,
      /^http:[^?]*\/none\.png: expected an image, got status 404 Not Found\.$/,
    ],
    ["a server's page", () => `${origin}/page.png`, /page\.png: .*web page/],
    ["a gigabyte", () => `${origin}/big.png`, /big\.png: .*1073741824 bytes, got 2147483648\.$/],
    ["a broken connection", () => `${origin}/cut.png`, /cut\.png: cannot be fetched \(.+\)\.$/],
    ["no server", () => `${closed}/a.png`, /a\.png: cannot be fetched \(.*ECONNREFUSED.*\)\.$/],
    ["no address", () => "http://", /^http:\/\/: expected a path or a file:, http:, https: or data: URL\.$/],
    ["an address of another kind", () => "s3://bucket/a.png", /^s3:.*: expected a path or a file:/],
    ["a data: address that is none", () => "data:nothing", /^data: URL: cannot be fetched/],
    ["a file that is no picture", () => new File(["text"], "notes.txt"), /^notes\.txt: expected PNG, /],
    ["an empty Blob", () => new Blob([]), /^Blob: the file is empty\.$/],
    [
      "too few pixels",
      () => ({ width: 2, height: 2, rgba: new Uint8Array(3) }),
      /expected 16 RGBA bytes .* got 3/,
    ],
    [
      "a stream",
      () => Readable.from([png]),
      /expected a path, .* got Readable\. Read a stream into a Buffer/,
    ],
    ["a web stream", () => new Blob(["a"]).stream(), /got ReadableStream\./],
    ["a promise", () => Promise.resolve(png), /got Promise\./],
    ["nothing", () => undefined, /got undefined\./],
    ["null", () => null, /got null\./],
    ["an empty path", () => "", /cannot be read \(ENOENT/],
  ])("%s", async (_, make, message) => {
    const error = await (async () => openPicture(await readSource(make() as NodePicture)))().catch((e) => e);
    expect(error).toBeInstanceOf(PictureError);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain("secret");
  });

  test("a server that does not answer: the signal's reason", async () => {
    const controller = new AbortController();
    const reading = readSource(`${origin}/silent.png`, controller.signal);
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(reading).rejects.toBe(reason);
  });
});

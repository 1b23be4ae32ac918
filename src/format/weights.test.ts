import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ModelFormatError, Vit8Error } from "../errors/errors.ts";
import { openFilesFolder } from "./files-folder.ts";
import type { ModelFolder } from "./folder.ts";
import { writeSafetensors } from "./safetensors.ts";
import type { WeightsOptions } from "./safetensors-stream.ts";
import { openHubFolder } from "./url-folder.ts";
import { listWeights, openWeights } from "./weights.ts";

const fileOf = (...names: string[]) =>
  Buffer.concat(
    writeSafetensors(
      names.map((name) => ({
        name,
        dtype: "U8",
        shape: [3],
        bytes: new TextEncoder().encode(name.padEnd(3)),
      })),
    ),
  );
const INDEX = "model.safetensors.index.json";
const indexOf = (weight_map: unknown) => JSON.stringify({ metadata: { total_size: 9 }, weight_map });

async function namesOf(folder: ModelFolder, options?: WeightsOptions, unwanted?: string): Promise<string[]> {
  const names: string[] = [];
  const weights = await openWeights(folder, options);
  for await (const { entry, bytes } of weights.tensors(({ name }) => name !== unwanted)) {
    expect(new TextDecoder().decode(bytes)).toBe(entry.name.padEnd(3));
    names.push(entry.name);
  }
  return names;
}

const whole = fileOf("a", "b");
const digest = (encoding: "hex" | "base64", bytes = whole) =>
  createHash("sha256").update(bytes).digest(encoding);

describe("shards", () => {
  const files = {
    "one.safetensors": fileOf("a", "b"),
    "two.safetensors": fileOf("c"),
    [INDEX]: indexOf({ a: "one.safetensors", c: "two.safetensors", b: "one.safetensors" }),
  };

  test("all tensors are told before the first one comes, and all bytes counted as one file's", async () => {
    const folder = openFilesFolder(files);
    const progress: (number | undefined)[][] = [];
    const onBytes = (...told: (number | undefined)[]) => progress.push(told);
    expect(await namesOf(folder, { onBytes }, "b")).toEqual(["a", "c"]);
    expect((await openWeights(folder)).entries.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    const total = files["one.safetensors"].length + files["two.safetensors"].length;
    expect(progress.at(-1)).toEqual([total, total]);
    expect(progress.every(([, all]) => all === total)).toBe(true);
    expect((await listWeights(folder)).map(({ name }) => name)).toEqual(["a", "b", "c"]);
  });

  test("one file is taken where there are both", async () => {
    expect(await namesOf(openFilesFolder({ ...files, "model.safetensors": fileOf("z") }))).toEqual(["z"]);
  });

  const one = "one.safetensors";
  test.each<[string, unknown, string]>([
    ["a path out of the folder", { a: "../one.safetensors" }, 'beside it, got "../one.safetensors"'],
    ["an absolute path", { a: "/etc/one.safetensors" }, "beside it"],
    ["an address", { a: "https://example.com/one.safetensors" }, "beside it"],
    ["a path with backslashes", { a: "..\\one.safetensors" }, "beside it"],
    ["an encoded path", { a: "..%2fone.safetensors" }, "beside it"],
    ["the index itself", { a: INDEX }, "beside it"],
    ["a number", { a: 1 }, "beside it"],
    ["a missing shard", { a: "three.safetensors" }, "expected three.safetensors"],
    ["a tensor that its shard lacks", { a: one, b: one, d: one }, 'expected tensor "d"'],
    ["a tensor that is not listed", { a: one }, 'got "b"'],
    ["a tensor in two shards", { a: one, b: one, c: "twin.safetensors" }, 'got "a"'],
    [
      "__proto__ as a tensor",
      JSON.parse(`{"a":"${one}","b":"${one}","__proto__":"${one}"}`),
      'tensor "__proto__"',
    ],
    ["no map", null, "weight_map: expected a JSON object"],
    [
      "a map of a thousand shards",
      Object.fromEntries([...Array(1000).keys()].map((i) => [i, `${i}.safetensors`])),
      "at most 256",
    ],
  ])("%s is refused", async (_, map, message) => {
    const folder = openFilesFolder({ ...files, "twin.safetensors": fileOf("a", "c"), [INDEX]: indexOf(map) });
    await expect(namesOf(folder)).rejects.toThrow(Vit8Error);
    await expect(namesOf(folder)).rejects.toThrow(message);
  });

  test("a shard that is another file the second time is refused", async () => {
    let opened = -1; // the first is for model.safetensors
    const folder = openFilesFolder(files);
    const fickle: ModelFolder = {
      ...folder,
      open: (name) => openFilesFolder(opened++ < 2 ? files : { [one]: fileOf("a", "q") }).open(name),
    };
    await expect(namesOf(fickle)).rejects.toThrow("one.safetensors: changed");
  });

  test("integrity of one file is not that of many", async () => {
    const integrity = `sha256-${digest("base64")}`;
    await expect(namesOf(openFilesFolder(files), { integrity })).rejects.toThrow("integrity");
  });
});

describe("integrity", () => {
  const folder = openFilesFolder({ "model.safetensors": whole });

  test("the right one changes nothing", async () => {
    expect(await namesOf(folder, { integrity: `sha256-${digest("base64")}` })).toEqual(["a", "b"]);
  });

  test("another one is refused after the last byte, with both in hexadecimal", async () => {
    const integrity = `sha256-${digest("base64", Buffer.from("other"))}`;
    const read = namesOf(folder, { integrity });
    await expect(read).rejects.toThrow(ModelFormatError);
    await expect(read).rejects.toThrow(
      `expected SHA-256 ${digest("hex", Buffer.from("other"))}, got ${digest("hex")}`,
    );
  });
});

describe("the Hub", () => {
  let server: Server;
  let endpoint: string;
  const pointers: Record<string, string> = {
    right: `version https://git-lfs.github.com/spec/v1\noid sha256:${digest("hex")}\nsize ${whole.length}\n`,
    wrong: `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize ${whole.length}\n`,
    raw: `${"x".repeat(5000)}\noid sha256:${"0".repeat(64)}\n`,
  };

  beforeAll(async () => {
    server = createServer((request, response) => {
      const [, , name, kind] = request.url!.split("/");
      if (kind === "resolve") return response.end(whole);
      if (name in pointers) return response.end(pointers[name]);
      response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  test.each(["right", "raw", "none"])("weights whose pointer is %s load", async (name) => {
    expect(await namesOf(openHubFolder(`owner/${name}`, { endpoint }))).toEqual(["a", "b"]);
  });

  test("weights that are not what the pointer says are refused", async () => {
    const folder = openHubFolder("owner/wrong", { endpoint });
    await expect(namesOf(folder)).rejects.toThrow(`expected SHA-256 ${"0".repeat(64)}`);
  });
});

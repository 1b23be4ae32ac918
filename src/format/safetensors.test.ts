import { existsSync, openAsBlob } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ModelFormatError, ModelLoadError, Vit8Error } from "../errors/errors.ts";
import {
  type ByteStream,
  openSafetensors,
  parseSafetensorsHeader,
  type StreamOptions,
  type Wanted,
  writeSafetensors,
} from "./safetensors.ts";

const TENSORS = [
  { name: "a", dtype: "I8", shape: [3], bytes: Uint8Array.of(1, 2, 3) },
  { name: "b", dtype: "F32", shape: [2, 1], bytes: Uint8Array.of(0, 0, 128, 63, 0, 0, 0, 64) },
  { name: "__proto__", dtype: "F16", shape: [], bytes: Uint8Array.of(0, 60) },
  { name: "nothing", dtype: "F32", shape: [0, 4], bytes: new Uint8Array(0) },
] as const;

const FILE = concat(writeSafetensors(TENSORS, { format: "pt" }));

function concat(pieces: Uint8Array[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]));
}

/** A file with this header, and as many zeros behind it. */
function fileOf(header: unknown, dataBytes = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + text.length + dataBytes);
  new DataView(file.buffer).setUint32(0, text.length, true);
  file.set(text, 8);
  return file;
}

function streamOf(bytes: Uint8Array, pieceBytes = 7): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, at + pieceBytes));
      at += pieceBytes;
    },
  });
}

/** The header and then the tensors, as a load reads them. */
async function* streamSafetensors(file: ByteStream, { wanted, ...options }: Reading = {}) {
  yield* (await openSafetensors(file, options)).tensors(wanted);
}

interface Reading extends StreamOptions {
  readonly wanted?: Wanted;
}

async function readAll(bytes: Uint8Array, byteLength?: number, options?: Reading) {
  const tensors = [];
  for await (const tensor of streamSafetensors({ stream: streamOf(bytes), byteLength }, options))
    tensors.push(tensor);
  return tensors;
}

describe("header", () => {
  test("comes back as written: widest elements first, aligned, names kept", () => {
    const { entries, dataOffset, byteLength } = parseSafetensorsHeader(FILE, FILE.length);
    expect(entries.map(({ name, dtype, shape, begin, end }) => [name, dtype, shape, begin, end])).toEqual([
      ["b", "F32", [2, 1], 0, 8],
      ["nothing", "F32", [0, 4], 8, 8],
      ["__proto__", "F16", [], 8, 10],
      ["a", "I8", [3], 10, 13],
    ]);
    expect(dataOffset % 8).toBe(0);
    expect(byteLength).toBe(dataOffset + 13);
  });

  test("padding is spaces, as the reference implementation pads", () => {
    const [head] = writeSafetensors([{ name: "x", dtype: "I8", shape: [1], bytes: new Uint8Array(1) }]);
    const text = new TextDecoder().decode(head.subarray(8));
    expect(text).toBe(`${'{"x":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}}'.padEnd(text.length, " ")}`);
    expect(text.length % 8).toBe(0);
  });

  const entry = (fields: object) => ({ t: { dtype: "F32", shape: [2], data_offsets: [0, 8], ...fields } });
  const two = (second: number[]) => ({
    ...entry({}),
    u: { dtype: "F32", shape: [(second[1] - second[0]) / 4], data_offsets: second },
  });
  test.each<[string, Uint8Array, string]>([
    ["unknown dtype", fileOf(entry({ dtype: "F31" }), 8), 'tensor "t": expected a known dtype, got "F31"'],
    ["dtype from a prototype", fileOf(entry({ dtype: "constructor" }), 8), "expected a known dtype"],
    ["shape and bytes that differ", fileOf(entry({ shape: [3] }), 8), "expected 12 bytes for F32 [3], got 8"],
    ["negative shape", fileOf(entry({ shape: [-1, -2] }), 8), "expected an array of counts"],
    ["shape of 2^60", fileOf(entry({ shape: [2 ** 60] }), 8), "expected an array of counts"],
    [
      "shape whose product wraps",
      fileOf(entry({ shape: [2 ** 32, 2 ** 32] }), 8),
      "expected 73786976294838210000 bytes",
    ],
    ["fractional offsets", fileOf(entry({ data_offsets: [0.5, 8.5] }), 9), "expected an array of counts"],
    ["offsets reversed", fileOf(entry({ data_offsets: [8, 0] }), 8), "expected data_offsets [begin, end]"],
    ["three offsets", fileOf(entry({ data_offsets: [0, 8, 8] }), 8), "expected data_offsets [begin, end]"],
    ["overlap", fileOf(two([4, 12]), 12), 'tensor "u": overlaps the tensor before it: expected offset 8'],
    ["hole", fileOf(two([12, 16]), 16), 'tensor "u": leaves a hole before it'],
    ["hole at the start", fileOf(entry({ data_offsets: [4, 12] }), 12), "leaves a hole before it"],
    ["file too short", fileOf(entry({}), 7), "got"],
    ["file too long", fileOf(entry({}), 9), "Download it again"],
    ["not an object", fileOf([]), "expected a JSON object"],
    ["not JSON", fileOf("{oops}"), "expected JSON"],
    ["entry is null", fileOf({ t: null }), 'tensor "t": expected a JSON object'],
    [
      "not UTF-8",
      concat([Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0), Uint8Array.of(0xff, 0xfe)]),
      "expected UTF-8",
    ],
    ["empty file", new Uint8Array(0), "expected 8 bytes, got 0"],
    ["header of 2^63 bytes", Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 128), "got 9223372036854776000"],
    [
      "header longer than the file",
      Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 123, 125),
      "expected 2 to 2 bytes, got 9",
    ],
  ])("%s is refused", (_, file, message) => {
    expect(() => parseSafetensorsHeader(file, file.length)).toThrow(ModelFormatError);
    expect(() => parseSafetensorsHeader(file, file.length)).toThrow(message);
  });

  test.each([
    ["<!DOCTYPE html><html>", "a web page"],
    ["\n <html><body>404", "a web page"],
    ["version https://git-lfs.github.com/spec/v1\noid sha256:0", "a Git LFS pointer"],
    ['{"error":"Repository not found"}', "JSON"],
    ["PK\x03\x04\x00\x00\x08\x08\x00\x00", "a zip archive"],
  ])("%j in its place is named", (text, what) => {
    expect(() => parseSafetensorsHeader(new TextEncoder().encode(text))).toThrow(`got ${what}`);
  });

  test("a header length that begins like a web page is still a length", () => {
    const padded = (length: number) => fileOf(`{}${" ".repeat(length - 2)}`);
    expect(parseSafetensorsHeader(padded(0x3c)).entries).toEqual([]); // "<"
    expect(parseSafetensorsHeader(padded(0x3c20)).entries).toEqual([]); // " <"
  });

  test("a million tensors and a deep nest end quickly in a typed error", () => {
    const listOf = (length: number) => `{${Array.from({ length }, (_, i) => `"${i}":0`).join()}}`;
    expect(() => parseSafetensorsHeader(fileOf(listOf(1e6)))).toThrow("expected 2 to 8388608 bytes, got");
    expect(() => parseSafetensorsHeader(fileOf(listOf(70_000)))).toThrow("got 70000");
    const deep = `{"t":${"[".repeat(1e6)}${"]".repeat(1e6)}}`;
    expect(() => parseSafetensorsHeader(fileOf(deep))).toThrow(ModelFormatError);
  }, 10_000);

  test("messages stay on one short line whatever a name holds", () => {
    const name = `line\nbreak${"x".repeat(10_000)}`;
    try {
      parseSafetensorsHeader(fileOf({ [name]: {} }));
    } catch (error) {
      expect((error as Error).message.length).toBeLessThan(200);
      expect((error as Error).message).not.toContain("\n");
    }
    expect.assertions(2);
  });
});

describe("stream", () => {
  test("yields every tensor in file order, in pieces of any size", async () => {
    const tensors = await readAll(FILE, FILE.length);
    expect(tensors.map(({ entry, bytes }) => [entry.name, [...bytes]])).toEqual([
      ["b", [0, 0, 128, 63, 0, 0, 0, 64]],
      ["nothing", []],
      ["__proto__", [0, 60]],
      ["a", [1, 2, 3]],
    ]);
  });

  test("passes over what is not wanted, and tells the bytes that came", async () => {
    const seen: (number | undefined)[][] = [];
    const tensors = await readAll(FILE, undefined, {
      wanted: (entry) => entry.name === "a",
      onBytes: (loaded, total) => seen.push([loaded, total]),
    });
    expect(tensors.map(({ entry }) => entry.name)).toEqual(["a"]);
    expect(seen[0]).toEqual([7, undefined]);
    expect(seen.at(-1)).toEqual([FILE.length, FILE.length]);
  });

  test("a truncated or too long file is an error that counts", async () => {
    const cut = FILE.subarray(0, FILE.length - 1);
    await expect(readAll(cut)).rejects.toThrow(`expected ${FILE.length} bytes, got ${FILE.length - 1}`);
    await expect(readAll(cut, undefined, { wanted: () => false })).rejects.toThrow(ModelFormatError);
    await expect(readAll(FILE.subarray(0, 50))).rejects.toThrow("got 50");
    await expect(readAll(concat([FILE, Uint8Array.of(0)]))).rejects.toThrow("got more");
    await expect(readAll(FILE, FILE.length + 1)).rejects.toThrow(ModelFormatError);
  });

  test("a huge tensor that never comes takes no memory for it", async () => {
    const file = fileOf({ t: { dtype: "U8", shape: [2 ** 50], data_offsets: [0, 2 ** 50] } }, 3);
    await expect(readAll(file)).rejects.toThrow(ModelFormatError);
  });

  test.each([2 ** 24 + 1, 40 * 2 ** 20])(
    "a tensor of %i bytes, larger than its first room, is whole",
    async (length) => {
      const bytes = new Uint8Array(length).map((_, i) => i % 251);
      const file = Buffer.concat(writeSafetensors([{ name: "t", dtype: "U8", shape: [length], bytes }]));
      for (const pieceBytes of [file.length, 2 ** 20]) {
        for await (const tensor of streamSafetensors({ stream: streamOf(file, pieceBytes) })) {
          expect(Buffer.compare(tensor.bytes, bytes)).toBe(0);
        }
      }
    },
  );

  test("an abort ends a read that waits, with the signal's reason", async () => {
    const stalled = new ReadableStream<Uint8Array>({ start: (c) => c.enqueue(FILE.subarray(0, 20)) });
    const controller = new AbortController();
    const tensors = streamSafetensors({ stream: stalled }, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 5);
    await expect(tensors.next()).rejects.toThrow("enough");
  });

  test("a caller that leaves early cancels the download", async () => {
    let cancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      start: (c) => c.enqueue(FILE),
      cancel: () => {
        cancelled = true;
      },
    });
    for await (const _ of streamSafetensors({ stream })) break;
    expect(cancelled).toBe(true);
  });

  test("one that wants no tensor after the header cancels it too, also where the header is wrong", async () => {
    for (const bytes of [FILE, Uint8Array.of(1, 2, 3, 0, 0, 0, 0, 1, 9)]) {
      let cancelled = false;
      const cancel = () => {
        cancelled = true;
      };
      const stream = new ReadableStream<Uint8Array>({ start: (c) => c.enqueue(bytes), cancel });
      const opened = await openSafetensors({ stream }).catch(() => undefined);
      await opened?.close();
      expect(cancelled).toBe(true);
    }
  });

  test("a stream that breaks is a load error with its cause", async () => {
    const cause = new TypeError("network");
    const broken = new ReadableStream<Uint8Array>({ pull: (c) => c.error(cause) });
    const next = streamSafetensors({ stream: broken }).next();
    await expect(next).rejects.toThrow(ModelLoadError);
    await expect(next).rejects.toMatchObject({ cause });
  });

  test("mutated files give tensors inside the file or a typed error", async () => {
    const edit = fc.tuple(fc.nat(FILE.length - 1), fc.nat(255));
    const edits = fc.array(edit, { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(edits, fc.nat(FILE.length), async (changes, length) => {
        const mutant = FILE.slice();
        for (const [at, value] of changes) mutant[at] = value;
        const kept = length % 3 ? mutant : mutant.subarray(0, length);
        try {
          const tensors = await readAll(kept, length % 2 ? kept.length : undefined);
          const byteLength = tensors.reduce((sum, { bytes }) => sum + bytes.length, 0);
          expect(byteLength).toBeLessThan(kept.length);
        } catch (error) {
          if (!(error instanceof Vit8Error)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});

test("bytes that do not fit the shape, and a name twice, are not written", () => {
  const tensor = { name: "t", dtype: "F32", shape: [2], bytes: new Uint8Array(8) } as const;
  expect(() => writeSafetensors([{ ...tensor, shape: [3] }])).toThrow("expected 12 bytes, got 8");
  expect(() => writeSafetensors([tensor, tensor])).toThrow("unique name");
});

const everyday80 = fileURLToPath(
  new URL("../../../shared/models/everyday80/model.safetensors", import.meta.url),
);
test.skipIf(!existsSync(everyday80))(
  "a real checkpoint streams whole (skipped without ../shared/models)",
  async () => {
    const blob = await openAsBlob(everyday80);
    let elements = 0;
    for await (const { bytes } of streamSafetensors({ stream: blob.stream(), byteLength: blob.size })) {
      elements += bytes.length / 4;
    }
    expect(elements).toBe(3_624_464);
  },
);

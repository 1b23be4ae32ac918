// Jobs from their inputs to their outputs, on a tiny model.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { zipSync } from "fflate";
import { parquetWriteBuffer } from "hyparquet-writer";
import sharp from "sharp";
import { pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { LocalClassifier } from "../classifier/local-classifier.ts";
import { writeTinyModel } from "../cli/tiny-model.shared.ts";
import { ImageClassifier, type NodeClassifier } from "../node/index.ts";
import { countOf } from "./count.ts";
import { type Entry, shardOf } from "./entry.ts";
import { entriesOf } from "./inputs.ts";
import { type Job, runJob } from "./job.ts";
import { type Labeler, labelerOf } from "./labeler.ts";
import { mergeShards } from "./merge.ts";
import { nearest } from "./nearest.ts";
import { openRows } from "./output.ts";
import type { Row } from "./row.ts";

const folder = mkdtempSync(path.join(tmpdir(), "vit8-jobs-"));
const at = (...names: string[]) => path.join(folder, ...names);
const { signal } = new AbortController();
const pictures = new Map<string, Uint8Array>();
let classifier: NodeClassifier;
let labeler: Labeler;

beforeAll(async () => {
  for (let i = 0; i < 30; i++) {
    const bytes = Uint8Array.from(
      { length: 16 * 12 * 3 },
      (_, k) => (Math.imul(k + 1, 7919 + i * 1049) >>> 7) & 255,
    );
    const image = sharp(bytes, { raw: { width: 16, height: 12, channels: 3 } });
    pictures.set(`${String(i).padStart(2, "0")}.png`, await image.png().toBuffer());
  }
  pictures.set("07.png", Buffer.from("no picture"));
  pictures.set("19.png", pictures.get("18.png")!.subarray(0, 60));
  mkdirSync(at("pictures", "below"), { recursive: true });
  for (const [name, bytes] of pictures)
    writeFileSync(at("pictures", name < "20" ? name : `below/${name}`), bytes);
  classifier = await ImageClassifier.load(writeTinyModel(at("model")), { device: "cpu" });
  labeler = await labelerOf().load(at("model"), { device: "cpu" });
});
afterAll(async () => {
  await Promise.all([classifier.dispose(), labeler.dispose()]);
  rmSync(folder, { recursive: true });
});

function job(output: string, change: Partial<Job> = {}): Job {
  return {
    entries: entriesOf([at("pictures")], { signal, stdin: noInput() }),
    labeler,
    output: at(output),
    topK: 3,
    embed: true,
    resume: false,
    metadata: { vit8: "0.0.0", model: "tiny", sha256: "00", arithmetic: "int8, exact", date: "2026-01-01" },
    inputs: ["pictures"],
    signal,
    onProgress: () => {},
    ...change,
  };
}

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function* noInput(): AsyncGenerator<string> {}

async function rowsOf(file: string): Promise<Row[]> {
  return collected((await openRows(at(file))).rows());
}

const bytesOf = (file: string) => readFileSync(at(file));

describe("rows", () => {
  test("one for each picture, in order, with the answer that classify and embed give", async () => {
    expect(await runJob(job("all.jsonl"))).toEqual({ pictures: 30, rows: 30, failed: 2 });
    const rows = await rowsOf("all.jsonl");
    expect(rows.map(({ row }) => row)).toEqual(rows.map((_, i) => i));
    expect(rows.map(({ key }) => path.basename(key))).toEqual([...pictures.keys()]);
    const { key, labels, scores, indices, embedding, width, height } = rows[3];
    const classes = await classifier.classify(key, { topK: 3 });
    expect({ labels, indices }).toEqual({
      labels: classes.map(({ label }) => label),
      indices: classes.map(({ index }) => index),
    });
    expect(scores).toEqual(classes.map(({ score }) => Math.fround(score)));
    expect(embedding).toEqual(await classifier.embed(key));
    expect([width, height]).toEqual([16, 12]);
    expect(existsSync(at("all.jsonl.parts"))).toBe(false);
  });

  test("of pictures that cannot be read hold the error", async () => {
    const rows = await rowsOf("all.jsonl");
    expect(rows.filter(({ error }) => error).map(({ key }) => path.basename(key))).toEqual([
      "07.png",
      "19.png",
    ]);
    expect(rows[7]).toEqual({
      row: 7,
      key: at("pictures", "07.png"),
      labels: [],
      indices: [],
      scores: [],
      error: expect.stringMatching(/07\.png: expected PNG, /),
    });
  });

  test("say nothing of libvips in an error: with several decoders at work it may be of another image", async () => {
    const { error } = (await rowsOf("all.jsonl"))[19];
    expect(error).toBe(`${at("pictures", "19.png")}: the image is damaged or truncated.`);
  });

  test.each(["csv", "parquet"])("are the same in %s", async (kind) => {
    await runJob(job(`all.${kind}`));
    expect(await rowsOf(`all.${kind}`)).toEqual(await rowsOf("all.jsonl"));
  });

  test("take one run of the model, with and without an embedding", async () => {
    const answers = vi.spyOn(LocalClassifier.prototype, "answers");
    await runJob(job("counted.jsonl"));
    expect(answers.mock.calls.reduce((sum, [images]) => sum + images.length, 0)).toBe(28);
    answers.mockRestore();
    expect(bytesOf("counted.jsonl").equals(bytesOf("all.jsonl"))).toBe(true);
  });

  test("are the same bytes for the same input", async () => {
    for (const name of ["again.parquet", "again.csv"]) await runJob(job(name));
    expect(bytesOf("again.parquet").equals(bytesOf("all.parquet"))).toBe(true);
    expect(bytesOf("again.csv").equals(bytesOf("all.csv"))).toBe(true);
  });
});

/** Images that end the job at index `end`. */
async function* endingAt(end: number): AsyncGenerator<Entry> {
  let row = 0;
  for await (const entry of entriesOf([at("pictures")], { signal, stdin: noInput() })) {
    if (row++ === end) throw new Error("the power fails");
    yield entry;
  }
}

/** As many images as several parts have. */
async function* many(end = Number.POSITIVE_INFINITY): AsyncGenerator<Entry> {
  let row = 0;
  for (let round = 0; round < 12; round++)
    for await (const { key, read } of endingAt(1000)) {
      if (row++ === end) throw new Error("the power fails");
      yield { key: `${round}/${key}`, read };
    }
}

describe("a job that ended before its end", () => {
  test.each([0, 5, 129, 300, 359])(
    "goes on with resume after %i pictures, and gives the same bytes",
    async (end) => {
      const options = { embed: false };
      if (!existsSync(at("whole.jsonl"))) await runJob(job("whole.jsonl", { ...options, entries: many() }));
      const output = `ended-${end}.jsonl`;
      await expect(runJob(job(output, { ...options, entries: many(end) }))).rejects.toThrow(
        "the power fails",
      );
      expect(existsSync(at(output))).toBe(false);
      await runJob(job(output, { ...options, entries: many(), resume: true }));
      expect(bytesOf(output).equals(bytesOf("whole.jsonl"))).toBe(true);
    },
  );

  test("keeps the rows that it had, and does not do them again", async () => {
    await expect(runJob(job("kept.jsonl", { entries: many(340) }))).rejects.toThrow("the power fails");
    const reads: string[] = [];
    const entries = async function* () {
      for await (const { key, read } of many())
        yield {
          key,
          read: (signal: AbortSignal) => {
            reads.push(key);
            return read(signal);
          },
        };
    };
    await runJob(job("kept.jsonl", { entries: entries(), resume: true }));
    expect(reads.length).toBe(360 - 256);
  });

  test("is not begun anew without resume, nor gone on with by another job or another input", async () => {
    await expect(runJob(job("other.jsonl", { entries: many(340) }))).rejects.toThrow("the power fails");
    await expect(runJob(job("other.jsonl"))).rejects.toThrow("--resume");
    await expect(runJob(job("other.jsonl", { topK: 2, resume: true }))).rejects.toThrow(
      "expected topK 3, as in the unfinished job, got 2",
    );
    const moved = async function* () {
      for await (const { key, read } of many()) yield { key: `moved/${key}`, read };
    };
    await expect(runJob(job("other.jsonl", { entries: moved(), resume: true }))).rejects.toThrow(
      "The input has changed",
    );
  });

  test("leaves no part behind that was being written", async () => {
    await expect(runJob(job("torn.jsonl", { entries: many(340) }))).rejects.toThrow();
    writeFileSync(at("torn.jsonl.parts", "00000002.jsonl.writing"), '{"row":256,"ke');
    await runJob(job("torn.jsonl", { entries: many(), embed: true, resume: true }));
    expect((await rowsOf("torn.jsonl")).length).toBe(360);
  });
});

describe("shards", () => {
  const shardFiles = [0, 1, 2].map((index) => `shard-${index}.parquet`);

  test("merged are the whole job, byte by byte", async () => {
    for (const [index, name] of shardFiles.entries()) await runJob(job(name, { shard: { index, count: 3 } }));
    await mergeShards(
      at("merged.parquet"),
      [2, 0, 1].map((i) => at(shardFiles[i])),
    );
    expect(bytesOf("merged.parquet").equals(bytesOf("all.parquet"))).toBe(true);
  });

  test("are about even, and the same on every machine", () => {
    const counts = [0, 0, 0];
    for (let i = 0; i < 3000; i++) counts[shardOf(`${i}.png`, 3)]++;
    expect(counts).toEqual([1015, 1031, 954]);
  });

  test("are refused where one is missing, there twice, or of another job", async () => {
    const [first, second] = shardFiles.map((name) => at(name));
    await expect(mergeShards(at("no.parquet"), [first, second])).rejects.toThrow(
      "in one of the files, got none",
    );
    await expect(mergeShards(at("no.parquet"), [first, second, first, at(shardFiles[2])])).rejects.toThrow(
      "in one file, got it in two",
    );
    await runJob(job("few.parquet", { topK: 1, shard: { index: 2, count: 3 } }));
    await expect(mergeShards(at("no.parquet"), [first, second, at("few.parquet")])).rejects.toThrow(
      "expected topK 3",
    );
    expect(readdirSync(folder).filter((name) => name.startsWith("no."))).toEqual([]);
  });
});

describe("inputs", () => {
  const keys = async (...inputs: string[]) => {
    const found = await collected(entriesOf(inputs, { signal, stdin: noInput() }));
    return found.map(({ key }) => key);
  };
  const some = [...pictures];
  beforeAll(async () => {
    some.push(...[...pictures].slice(0, 3));
    const tar = pack();
    for (const [name, bytes] of some) tar.entry({ name }, Buffer.from(bytes));
    tar.entry({ name: "00.json" }, "{}");
    tar.finalize();
    const bytes = await buffer(tar);
    writeFileSync(at("shard.tar"), bytes);
    writeFileSync(at("cut.tar"), bytes.subarray(0, bytes.length - 1500));
    writeFileSync(at("shard.zip"), zipSync(Object.fromEntries(some)));
    const data = some.map(([name, bytes]) => ({ bytes, path: name }));
    const schema = [
      { name: "root", num_children: 1 },
      { name: "image", num_children: 2, repetition_type: "OPTIONAL" as const },
      { name: "bytes", type: "BYTE_ARRAY" as const, repetition_type: "OPTIONAL" as const },
      {
        name: "path",
        type: "BYTE_ARRAY" as const,
        converted_type: "UTF8" as const,
        repetition_type: "OPTIONAL" as const,
      },
    ];
    writeFileSync(
      at("rows.parquet"),
      Buffer.from(parquetWriteBuffer({ columnData: [{ name: "image", data }], schema })),
    );
    writeFileSync(at("list.txt"), `\ufeff${at("pictures", "00.png")}\r\n\r\n${at("pictures", "01.png")}`);
  });

  test("lists, of all lines but empty ones", async () => {
    expect(await keys(at("list.txt"))).toEqual([at("pictures", "00.png"), at("pictures", "01.png")]);
    async function* stdin() {
      yield "a.png\nb";
      yield ".png\n";
    }
    const found = await collected(entriesOf(["-"], { signal, stdin: stdin() }));
    expect(found.map(({ key }) => key)).toEqual(["a.png", "b.png"]);
  });

  test.each([
    ["shard.tar", (name: string) => at("shard.tar", name)],
    ["shard.zip", (name: string) => at("shard.zip", name)],
    ["rows.parquet", (_: string, i: number) => `${at("rows.parquet")}#${i}`],
  ])("%s: its pictures with their bytes", async (file, keyOf) => {
    const entries = await collected(entriesOf([at(file)], { signal, stdin: noInput() }));
    expect(entries.map(({ key }) => key)).toEqual(some.map(([name], i) => keyOf(name, i)));
    expect(Buffer.from(await entries[2].read(signal))).toEqual(Buffer.from(some[2][1]));
  });

  test("the attributes that macOS puts beside an image are none, in folders and archives", async () => {
    const members = { "mac/a.png": "", "mac/._a.png": "", "mac/__MACOSX/mac/._a.png": "", "mac/.b.png": "" };
    const tar = pack();
    for (const name of Object.keys(members)) tar.entry({ name }, "");
    tar.finalize();
    writeFileSync(at("mac.tar"), await buffer(tar));
    writeFileSync(
      at("mac.zip"),
      zipSync(Object.fromEntries(Object.keys(members).map((it) => [it, new Uint8Array()]))),
    );
    mkdirSync(at("macs", "mac", "__MACOSX", "mac"), { recursive: true });
    for (const name of Object.keys(members)) writeFileSync(at("macs", name), "");
    for (const input of ["mac.tar", "mac.zip", "macs"])
      expect((await keys(at(input))).sort()).toEqual([at(input, "mac/.b.png"), at(input, "mac/a.png")]);
  });

  test("a truncated archive is an error after the pictures before the damage", async () => {
    const found: string[] = [];
    const read = async () => {
      for await (const { key } of entriesOf([at("cut.tar")], { signal, stdin: noInput() })) found.push(key);
    };
    await expect(read()).rejects.toThrow("cut.tar: damaged or truncated");
    expect(found.length).toBeGreaterThan(1);
  });

  test("an address is tried again while the server fails, and not where it is not there", async () => {
    const asked: string[] = [];
    const server = createServer(({ url }, response) => {
      asked.push(url!);
      if (url === "/none.png") response.writeHead(404).end();
      else if (asked.length < 2) response.writeHead(503).end();
      else response.end(pictures.get("00.png"));
    }).listen(0);
    const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
    const [entry, none] = await collected(
      entriesOf([`${origin}/a.png?secret=1`, `${origin}/none.png`], { signal, stdin: noInput() }),
    );
    expect(Buffer.from(await entry.read(signal))).toEqual(pictures.get("00.png"));
    await expect(none.read(signal)).rejects.toThrow(`${origin}/none.png: expected an image, got status 404`);
    expect(asked).toEqual(["/a.png?secret=1", "/a.png?secret=1", "/none.png"]);
    server.close();
  });

  test("are counted ahead, unless that would read an archive", async () => {
    writeFileSync(at("counted.txt"), "a.png\n\nb.png\n");
    expect(await countOf([at("pictures"), at("counted.txt"), "https://a.b/c.zip"], signal)).toBe(33);
    for (const other of ["-", at("a.tar"), at("nowhere")])
      expect(await countOf([at("pictures"), other], signal)).toBeUndefined();
  });

  test("what is not there is named", async () => {
    await expect(keys(at("nothing"))).rejects.toThrow("nothing: cannot be read (ENOENT)");
  });
});

test("the nearest pictures are found by their embeddings", async () => {
  const query = await classifier.embed(at("pictures", "05.png"));
  const found = await nearest(at("all.parquet"), query, 3);
  expect(path.basename(found[0].key)).toBe("05.png");
  expect(found[0].similarity).toBeCloseTo(1, 6);
  expect(found.map(({ similarity }) => similarity)).toEqual(
    found.map((n) => n.similarity).sort((a, b) => b - a),
  );
  await runJob(job("plain.csv", { embed: false }));
  await expect(nearest(at("plain.csv"), query, 3)).rejects.toThrow("--embed");
});

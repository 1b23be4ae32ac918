// Each kind of file keeps every row as it is, and other programs read it.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { afterAll, describe, expect, test } from "vitest";
import { openRows, writeRows } from "./output.ts";
import type { Metadata, Row } from "./row.ts";
import { parseShard, shardOfEnvironment } from "./shard-from.ts";

const folder = mkdtempSync(path.join(tmpdir(), "vit8-formats-"));
afterAll(() => rmSync(folder, { recursive: true }));

const metadata: Metadata = {
  vit8: "1.2.3",
  model: "m",
  sha256: "ab",
  arithmetic: "int8, exact",
  date: "2026-01-01",
  embedding: 3,
  topK: 2,
  pictures: 5,
};
const answer = (labels: string[]) => ({ labels, indices: [3, 0], scores: [0.1, 1e-9].map(Math.fround) });
const rows: Row[] = [
  { row: 0, key: "a,b.png", ...answer(["tabby, tabby cat", 'the "big" one']), width: 1, height: 2 },
  {
    row: 1,
    key: "two\nlines\r\n.png",
    ...answer(["=1+1", "+49"]),
    embedding: Float32Array.of(0.1, -2, 3e-20),
    width: 7,
    height: 65_535,
  },
  { row: 2, key: "@me", ...answer(["-x", "'=kept"]), width: 3, height: 4 },
  { row: 3, key: " space ", labels: [], indices: [], scores: [], error: "=cmd|'/c calc'!A0, \"quoted\"" },
  {
    row: 4,
    key: "猫 \u{1f600}.png",
    ...answer(["été", ""]),
    embedding: Float32Array.of(0, 1, 2),
    width: 5,
    height: 6,
  },
];

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function* all() {
  yield* rows;
}

async function written(kind: string): Promise<string> {
  const file = path.join(folder, `rows.${kind}`);
  await writeRows(file, all(), metadata);
  return file;
}

test.each(["jsonl", "csv", "parquet"])("%s gives back every row and the metadata", async (kind) => {
  const { metadata: came, rows: read } = await openRows(await written(kind));
  expect(came).toEqual(metadata);
  const found = await collected(read());
  expect(found).toEqual(rows);
});

test("CSV is that of RFC 4180, and no cell is a formula", async () => {
  const text = readFileSync(await written("csv"), "utf8");
  expect(text.split("\r\n")[0]).toBe(
    "row,key,label1,index1,score1,label2,index2,score2,width,height,error,embedding",
  );
  expect(text).toContain('0,"a,b.png","tabby, tabby cat",3,0.10000000149011612,"the ""big"" one",0,');
  expect(text).toContain('1,"two\nlines\r\n.png",\'=1+1,3,');
  expect(text).not.toMatch(/(^|,)"?[=+@]/m);
});

test("Parquet is read by another program as it was written", async () => {
  const file = await asyncBufferFromFile(await written("parquet"));
  const [, second] = await parquetReadObjects({ file, compressors });
  expect(second).toMatchObject({
    row: 1,
    key: "two\nlines\r\n.png",
    labels: ["=1+1", "+49"],
    width: 7,
    error: null,
  });
  expect(second.embedding).toEqual(Array.from(rows[1].embedding!));
});

describe("the shard", () => {
  test("is told by the engine that started the process", () => {
    expect(shardOfEnvironment({})).toBeUndefined();
    const slurm = { SLURM_ARRAY_TASK_ID: "7", SLURM_ARRAY_TASK_MIN: "5", SLURM_ARRAY_TASK_COUNT: "4" };
    expect(shardOfEnvironment(slurm)).toEqual({ shard: { index: 2, count: 4 }, from: "SLURM_ARRAY_TASK_ID" });
    const batch = { AWS_BATCH_JOB_ARRAY_INDEX: "3", AWS_BATCH_JOB_ARRAY_SIZE: "8" };
    expect(shardOfEnvironment(batch)?.shard).toEqual({ index: 3, count: 8 });
    expect(() => shardOfEnvironment({ JOB_COMPLETION_INDEX: "1" })).toThrow(
      '--shard "$JOB_COMPLETION_INDEX/N"',
    );
  });

  test.each(["4/4", "-1/4", "1", "1/0", "a/b", "0/"])("%s is refused", (text) => {
    expect(() => parseShard(text)).toThrow("expected I/N");
  });
});

// A job on the CPU in threads that each have the model: the rows are those of one thread, even where a thread ends early.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Worker } from "node:worker_threads";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeTinyModel } from "../cli/tiny-model.shared.ts";
import { openModel } from "../node/folder.ts";
import type { Entry } from "./entry.ts";
import { runJob } from "./job.ts";
import { type KeptFolder, keptFolder } from "./kept-folder.ts";
import { type Labeler, labelerOf } from "./labeler.ts";
import type { ThreadStart } from "./labeler-thread.ts";
import { inThreads, labelerThreads } from "./labeler-threads.ts";

const root = path.resolve(import.meta.dirname, "../..");
const script = path.join(root, "dist", "labeler-thread.js");
const folder = mkdtempSync(path.join(tmpdir(), "vit8-threads-"));
const at = (name: string) => path.join(folder, name);

const GROUPS = 40;
const pictures: Uint8Array[] = [];
let kept: KeptFolder;
let alone: Labeler;
let workerData: ThreadStart;

beforeAll(async () => {
  const program = path.join(root, "scripts", "vit8.mjs"); // builds what has changed
  execFileSync(process.execPath, [program, "--help"], { stdio: ["ignore", "ignore", "inherit"] });
  for (let i = 0; i < 16; i++) {
    const bytes = Uint8Array.from({ length: 16 * 12 * 3 }, (_, k) => Math.imul(k + 1, 7919 + i * 1049) >>> 7);
    const image = sharp(bytes, { raw: { width: 16, height: 12, channels: 3 } });
    pictures.push(i === 5 ? Buffer.from("no image") : await image.png().toBuffer());
  }
  kept = keptFolder(await openModel(writeTinyModel(at("model"))));
  alone = await labelerOf().load(kept.folder, { device: "cpu" });
  workerData = { files: kept.take(), options: {}, pixelBytes: 1e6 };
  await runJob(job("alone.jsonl", alone));
}, 120_000);
afterAll(async () => {
  await alone.dispose();
  rmSync(folder, { recursive: true });
});

async function* entries(): AsyncGenerator<Entry> {
  // In a buffer that they share: a view of it must not be sent with all the rest.
  const all = Buffer.concat(pictures);
  for (let i = 0; i < GROUPS * 8; i++) {
    const from = pictures.slice(0, i % 16).reduce((sum, { byteLength }) => sum + byteLength, 0);
    yield { key: `${i}.png`, read: async () => all.subarray(from, from + pictures[i % 16].byteLength) };
  }
}

function job(output: string, labeler: Labeler, { signal } = new AbortController()) {
  const metadata = {
    vit8: "0.0.0",
    model: "tiny",
    sha256: "00",
    arithmetic: "int8, exact",
    date: "2026-01-01",
  };
  const rest = { topK: 3, embed: true, resume: false, metadata, inputs: [], signal, onProgress: () => {} };
  return { entries: entries(), labeler, output: at(output), ...rest };
}

/** Two threads; the ninth group, which starts them, and those after it wait in this thread until both are ready or lost. */
function inTwoThreads(start: () => Worker) {
  let [inThisThread, lost] = [0, 0];
  const settled: Promise<unknown>[] = [];
  const labeler = inThreads(
    {
      ...alone,
      dispose: async () => {},
      columns: async (images, asked) => {
        if (inThisThread++ >= 8) await Promise.all(settled);
        return alone.columns(images, asked);
      },
    },
    {
      count: 2,
      start: () => {
        const worker = start();
        settled.push(new Promise((resolve) => worker.once("message", resolve).once("exit", resolve)));
        return worker;
      },
      onLost: () => lost++,
    },
  );
  return { labeler, seen: () => ({ inThisThread, lost }) };
}

test("rows are those of one thread, which labels only until the others are ready", async () => {
  const { labeler, seen } = inTwoThreads(() => new Worker(script, { workerData }));
  await runJob(job("threads.jsonl", labeler));
  await labeler.dispose();
  expect(readFileSync(at("threads.jsonl"), "utf8")).toBe(readFileSync(at("alone.jsonl"), "utf8"));
  expect(seen().inThisThread).toBeLessThan(GROUPS / 2);
  expect(seen().lost).toBe(0);
});

test("what a thread that ends has not answered is labeled by the others", async () => {
  const { labeler, seen } = inTwoThreads(() => {
    const worker = new Worker(script, { workerData });
    worker.on("message", ({ id }) => id === 3 && worker.terminate());
    return worker;
  });
  await runJob(job("lost.jsonl", labeler));
  await labeler.dispose();
  expect(readFileSync(at("lost.jsonl"), "utf8")).toBe(readFileSync(at("alone.jsonl"), "utf8"));
  expect(seen().lost).toBe(2);
});

test("a job continues without threads that do not start", async () => {
  const { labeler, seen } = inTwoThreads(() => new Worker(at("none.js")));
  await runJob(job("none.jsonl", labeler));
  await labeler.dispose();
  expect(readFileSync(at("none.jsonl"), "utf8")).toBe(readFileSync(at("alone.jsonl"), "utf8"));
  expect(seen()).toEqual({ inThisThread: GROUPS, lost: 2 });
});

test("an abort ends the job, and dispose the threads", async () => {
  const controller = new AbortController();
  const exits: Promise<unknown>[] = [];
  const { labeler } = inTwoThreads(() => {
    const worker = new Worker(script, { workerData });
    exits.push(new Promise((resolve) => worker.once("exit", resolve)));
    worker.on("message", ({ id }) => id === 3 && controller.abort(new Error("stop")));
    return worker;
  });
  await expect(runJob(job("aborted.jsonl", labeler, controller))).rejects.toThrow("stop");
  await labeler.dispose();
  expect(await Promise.all(exits)).toHaveLength(2);
});

test("no more threads than have room in memory", () => {
  const start = () => workerData;
  expect(labelerThreads(1e6, start, () => {}).count).toBeGreaterThan(0);
  expect(labelerThreads(1e15, start, () => {}).count).toBe(0);
});

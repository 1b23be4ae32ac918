// Threads on the CPU: the same bits by however many, and by fewer where one is lost.

import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { nodeThreads } from "../node/threads.ts";
import type { Thread, Threads } from "../wasm/pool.ts";
import { CONTROL } from "../wasm/thread.ts";
import type { Platform } from "./api.ts";
import { LocalClassifier, pagePlatform } from "./local-classifier.ts";
import { madeUpPicture, madeUpTensors, PLAIN, timmFiles } from "./made-up-vit.shared.ts";
import type { Picture } from "./picture.ts";

const files = timmFiles(PLAIN, madeUpTensors(PLAIN));
const pictures = [1, 2, 3].map((seed) => madeUpPicture(PLAIN, seed));

const load = (threads?: Partial<Threads>) => {
  const access = threads && { threads: async () => ({ ...nodeThreads(), ...threads }) };
  const platform: Platform<Picture> = { ...pagePlatform, ...access };
  return LocalClassifier.loadOn(platform, files, { device: "cpu" });
};

async function answersOf(threads?: Partial<Threads>) {
  const classifier = await load(threads);
  try {
    const logits = await classifier.logits(pictures);
    return { logits, threads: classifier.report.threads! };
  } finally {
    await classifier.dispose();
  }
}

const alone = await answersOf();

/** Keeps the threads that are started, so that a test may end them. */
function watched(spawnThread = nodeThreads().spawn) {
  const started: (Thread & { ended: boolean })[] = [];
  const spawn: Threads["spawn"] = (start) => {
    const thread = spawnThread(start);
    const kept = {
      ready: thread.ready,
      ended: false,
      terminate() {
        kept.ended = true;
        return thread.terminate();
      },
    };
    started.push(kept);
    return kept;
  };
  return { started, spawn };
}

/** A thread that takes one part and is gone. */
function fickle({ control }: { readonly control: SharedArrayBuffer }): Thread {
  const program = `
const { control, layout } = require("node:worker_threads").workerData;
const words = new Int32Array(control);
for (;;) {
  const parts = Atomics.load(words, layout.parts);
  if (parts < 0) break;
  if ((parts & layout.leftMask) === 0) Atomics.wait(words, layout.parts, parts);
  else if (Atomics.compareExchange(words, layout.parts, parts, parts - 1) === parts) break;
}`;
  const worker = new Worker(program, { eval: true, workerData: { control, layout: CONTROL } });
  return { ready: Promise.resolve(), terminate: () => worker.terminate() };
}

test("where nobody starts threads, one computes, and the report says why", () => {
  expect(alone.threads).toEqual({ count: 1, why: "only vit8's own worker, and Node, start threads" });
});

test.each([2, 3, 8])("%i threads have the bits of one", async (most) => {
  const { logits, threads } = await answersOf({ most, why: "so many were asked for" });
  expect(threads).toEqual({ count: most, why: "so many were asked for" });
  expect(logits).toEqual(alone.logits);
});

test("no more than eight are started", async () => {
  const { started, spawn } = watched();
  const { threads } = await answersOf({ most: 64, spawn });
  expect([threads.count, started.length]).toEqual([8, 7]);
});

test("threads that do not start are done without", async () => {
  const ready = Promise.reject(new Error("no such script"));
  ready.catch(() => {});
  const { logits, threads } = await answersOf({ most: 3, spawn: () => ({ ready, terminate() {} }) });
  expect(threads).toEqual({ count: 1, why: "no other started" });
  expect(logits).toEqual(alone.logits);
});

test("a thread that ends while it sleeps costs nothing", async () => {
  const { started, spawn } = watched();
  const classifier = await load({ most: 3, spawn });
  expect(await classifier.logits(pictures)).toEqual(alone.logits);
  await started[1].terminate();
  expect(await classifier.logits(pictures)).toEqual(alone.logits);
  await classifier.dispose();
});

test("a thread that ends with a part undone costs a second, and no answer", async () => {
  const { started, spawn } = watched(fickle);
  const classifier = await load({ most: 3, spawn });
  while (classifier.report.threads!.count > 1)
    expect(await classifier.logits(pictures)).toEqual(alone.logits);
  expect(classifier.report.threads!.why).toBe("a thread does not answer, so the model runs on one thread");
  expect(started.every(({ ended }) => ended)).toBe(true);
  expect(await classifier.logits(pictures)).toEqual(alone.logits);
  await classifier.dispose();
});

test("an aborted run leaves the threads to the next", async () => {
  const classifier = await load({ most: 2, why: "two" });
  const controller = new AbortController();
  const aborted = classifier.logits(pictures, { signal: controller.signal });
  controller.abort(new Error("enough"));
  await expect(aborted).rejects.toThrow("enough");
  expect(await classifier.logits(pictures)).toEqual(alone.logits);
  expect(classifier.report.threads).toEqual({ count: 2, why: "two" });
  await classifier.dispose();
});

test("dispose ends the threads, and so does a load that fails", async () => {
  const { started, spawn } = watched();
  await (await load({ most: 2, spawn })).dispose();
  const threads = async () => ({ ...nodeThreads(), most: 2, spawn });
  const damaged = { ...files, "model.safetensors": (files["model.safetensors"] as Uint8Array).slice(0, -4) };
  const failing = LocalClassifier.loadOn({ ...pagePlatform, threads }, damaged, { device: "cpu" });
  await expect(failing).rejects.toThrow("got 1170644");
  expect(started.map(({ ended }) => ended)).toEqual([true, true]);
});

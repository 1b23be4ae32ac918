// How much of a job's images is decoded at a time.

import sharp from "sharp";
import { expect, test } from "vitest";
import { Budget } from "./budget.ts";
import { type Answers, columnsOf } from "./columns.ts";

const { signal } = new AbortController();
const noise = async (width: number, height: number) => {
  const bytes = Uint8Array.from({ length: width * height * 3 }, (_, i) => Math.imul(i, 7919) >>> 5);
  return sharp(bytes, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
};

/** Answers late, and notes how many bytes of pixels are held meanwhile. */
function slowAnswers() {
  let held = 0;
  const seen = { most: 0, images: [] as number[] };
  const answers: Answers = async (pictures) => {
    const bytes = (pictures as unknown as { rgba: Uint8Array }[]).reduce(
      (sum, { rgba }) => sum + rgba.byteLength,
      0,
    );
    seen.images.push(pictures.length);
    held += bytes;
    seen.most = Math.max(seen.most, held);
    await new Promise((resolve) => setTimeout(resolve, 5));
    held -= bytes;
    return pictures.map(() => ({
      status: "fulfilled",
      value: { classes: [], embedding: new Float32Array(1) },
    }));
  };
  return { answers, seen };
}

test("images of many groups are decoded only as far as the memory for pixels lasts", async () => {
  const small = await noise(20, 10); // 800 bytes of pixels
  const large = await noise(100, 100); // 40,000: more than all of it
  const group = Array.from({ length: 8 }, (_, i) => ({ key: `${i}`, bytes: i === 5 ? large : small }));
  const { answers, seen } = slowAnswers();
  const pixels = new Budget(3200);
  const groups = await Promise.all(
    [1, 2, 3].map(() => columnsOf(group, { topK: 1, embed: true, signal }, answers, pixels)),
  );
  for (const columns of groups) {
    expect(columns.map(({ width }) => width)).toEqual([20, 20, 20, 20, 20, 100, 20, 20]);
    expect(columns.every(({ error }) => !error)).toBe(true);
  }
  expect(seen.most).toBe(100 * 100 * 4);
  expect(seen.images.toSorted()).toEqual([1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
});

test("small images of a group are one batch", async () => {
  const bytes = await noise(20, 10);
  const { answers, seen } = slowAnswers();
  const group = Array.from({ length: 8 }, (_, i) => ({ key: `${i}`, bytes }));
  await columnsOf(group, { topK: 1, embed: false, signal }, answers, new Budget(1e6));
  expect(seen.images).toEqual([8]);
});

test("an image that fails takes no memory from the others", async () => {
  const bytes = await noise(20, 10);
  const { answers } = slowAnswers();
  const pixels = new Budget(800);
  const group = [bytes, bytes.subarray(0, 60), Buffer.from("no image"), bytes].map((bytes, i) => ({
    key: `${i}.png`,
    bytes,
  }));
  const columns = await columnsOf(group, { topK: 1, embed: false, signal }, answers, pixels);
  expect(columns.map(({ error }) => error)).toEqual([
    undefined,
    expect.stringContaining("1.png"),
    expect.stringContaining("2.png"),
    undefined,
  ]);
});

// A stream of images is classified in order, no faster than it is read, and read no faster than it is classified.

import { expect, test } from "vitest";
import type { Classification } from "./answer.ts";
import { classifyEach } from "./each.ts";

const classify = (async (pictures: readonly number[]) =>
  pictures.map((picture) =>
    picture % 5 === 3
      ? { status: "rejected", reason: new Error(`bad ${picture}`) }
      : { status: "fulfilled", value: [{ label: `${picture}`, score: 1, index: picture }] },
  )) as never;

function* numbers(count: number, taken: number[] = []) {
  for (let i = 0; i < count; i++) {
    taken.push(i);
    yield { key: `#${i}`, picture: i };
  }
}

test("every picture has its result or its error, in order", async () => {
  const found: string[] = [];
  for await (const { key, result, error } of classifyEach({ classify }, numbers(21), {}))
    found.push(`${key} ${error?.message ?? (result as Classification[])[0].label}`);
  expect(found).toEqual(Array.from({ length: 21 }, (_, i) => `#${i} ${i % 5 === 3 ? `bad ${i}` : i}`));
});

test("an endless stream is read only as far ahead as `concurrency`", async () => {
  const taken: number[] = [];
  for await (const { key } of classifyEach({ classify }, numbers(Number.POSITIVE_INFINITY, taken), {
    concurrency: 8,
  }))
    if (key === "#20") break;
  expect(taken.length).toBeLessThanOrEqual(20 + 2 * 8);
});

test("a signal ends it with its reason", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(classifyEach({ classify }, numbers(3), { signal }).next()).rejects.toThrow("enough");
});

test.each([0, 1.5, -1])("concurrency %s is refused", async (concurrency) => {
  await expect(classifyEach({ classify }, numbers(3), { concurrency }).next()).rejects.toThrow(RangeError);
});

import { expect, test, vi } from "vitest";
import { type Scores, Scoring, type TextTower } from "./scoring.ts";

/** The first number of an image's embedding times the length of the text. */
function towerOf(embedText: TextTower["embedText"] = async (texts) => texts.map(embed)) {
  const score = (image: Float32Array, texts: readonly Float32Array[]) =>
    Float32Array.from(texts, ([length]) => image[0] * length);
  return { embedText: vi.fn(embedText), score: vi.fn(score) };
}
const embed = (text: string) => Float32Array.of(text.length);

function shownBy(): { scoring: Scoring; last: () => Scores | undefined } {
  const shown: Scores[] = [];
  return { scoring: new Scoring((scores) => shown.push(scores)), last: () => shown.at(-1) };
}

test("an image and classes are scored, whichever comes first", async () => {
  const { scoring, last } = shownBy();
  scoring.setTower(towerOf());
  await scoring.setLabels(["cat"]);
  expect(last()).toEqual(new Map());
  scoring.setImage(Float32Array.of(2));
  expect(last()).toEqual(new Map([["cat", 6]]));
  await scoring.setLabels(["horse", "cat"]);
  expect(last()).toEqual(new Map([["horse", 10], ["cat", 6]])); // biome-ignore format: pairs
  await scoring.setLabels([]);
  expect(last()).toEqual(new Map());
});

test("how many classes are computed is told, but not of classes that no longer count", async () => {
  const { scoring } = shownBy();
  const waiting: (() => void)[] = [];
  scoring.setTower(
    towerOf(async (texts, { onProgress }) => {
      onProgress({ done: 0, total: texts.length });
      await new Promise<void>((resolve) => waiting.push(resolve));
      onProgress({ done: texts.length, total: texts.length });
      return texts.map(embed);
    }),
  );
  const told: string[] = [];
  const tell = (name: string) => (done: number, total: number) => told.push(`${name} ${done}/${total}`);
  const calls = [
    scoring.setLabels(["cat", "dog"], tell("first")),
    scoring.setLabels(["horse"], tell("second")),
  ];
  for (const go of waiting) go();
  await Promise.all(calls);
  expect(told).toEqual(["first 0/2", "second 0/1", "second 1/1", "second 0/0"]);
});

test("a frame computes no text, and does not wait for one", async () => {
  const { scoring, last } = shownBy();
  let go = () => {};
  const slow = new Promise<void>((resolve) => {
    go = resolve;
  });
  const tower = towerOf(async (texts) => {
    if (texts.includes("horse")) await slow;
    return texts.map(embed);
  });
  scoring.setTower(tower);
  await scoring.setLabels(["cat"]);
  const typed = scoring.setLabels(["horse"]);
  scoring.setImage(Float32Array.of(1));
  scoring.setImage(Float32Array.of(2));
  expect(last()).toEqual(new Map([["cat", 6]]));
  go();
  await typed;
  expect(last()).toEqual(new Map([["horse", 10]]));
  expect(tower.embedText).toHaveBeenCalledTimes(2);
});

test("of classes that are computed at once the last ones count, in whatever order they come", async () => {
  const { scoring, last } = shownBy();
  const waiting: (() => void)[] = [];
  scoring.setTower(
    towerOf(async (texts) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return texts.map(embed);
    }),
  );
  scoring.setImage(Float32Array.of(1));
  const both = [scoring.setLabels(["old one"]), scoring.setLabels(["new"])];
  waiting[1]();
  waiting[0]();
  await Promise.all(both);
  expect(last()).toEqual(new Map([["new", 3]]));
});

test("what fails is told, but not of classes that nobody waits for", async () => {
  const { scoring } = shownBy();
  let calls = 0;
  scoring.setTower(
    towerOf(async () => {
      throw new Error(`lost ${++calls}`);
    }),
  );
  const first = scoring.setLabels(["cat"]);
  await expect(scoring.setLabels(["dog"])).rejects.toThrow("lost 2");
  await expect(first).resolves.toBeUndefined();
});

test("another model forgets the image of the one before", async () => {
  const { scoring, last } = shownBy();
  scoring.setTower(towerOf());
  scoring.setImage(Float32Array.of(2));
  await scoring.setLabels(["cat"]);
  scoring.setTower(towerOf());
  await scoring.setLabels(["cat"]);
  expect(last()).toEqual(new Map());
});

import { expect, test } from "vitest";
import peers from "../../test/peers/configs.json" with { type: "json" };
import { familyOf } from "../network/families.ts";
import { modelOf } from "../network/model.ts";
import { topClasses } from "./answer.ts";

const labels = ["a", "b", "c", "d"];

test("equal logits come in the order of their classes", () => {
  const top = topClasses(Float32Array.of(1, 2, 1, 2), labels, 3);
  expect(top.map(({ label, index }) => [label, index])).toEqual([
    ["b", 1],
    ["d", 3],
    ["a", 0],
  ]);
  expect(top[0].score).toBe(top[1].score);
});

test("one sigmoid for each class, in the order of the logits", () => {
  const top = topClasses(Float32Array.of(0, -1000, 1000, 2), labels, 4, "sigmoid");
  expect(top.map(({ label, score }) => [label, score])).toEqual([
    ["c", 1],
    ["d", 1 / (1 + Math.exp(-2))],
    ["a", 0.5],
    ["b", 0],
  ]);
});

test("labels and scores are those of transformers' pipeline, whatever the config says", async () => {
  for (const { config, preprocessor, right } of peers.transformers) {
    // A row's processor need not have the size of its config.
    const anySize = { ...(await familyOf(config)), fixedSize: false };
    const { labels, scoring } = modelOf(anySize, config, preprocessor);
    const logits = Float32Array.from(peers.logits.slice(0, right.classes));
    const top = topClasses(logits, labels, 99, scoring).sort((a, b) => a.index - b.index);
    expect(top.map(({ label }) => label)).toEqual(right.labels);
    // The pipeline computes in f32: a few roundings of 2^-24.
    for (const [n, { score }] of top.entries()) expect(Math.abs(score - right.scores[n])).toBeLessThan(3e-7);
  }
});

test("the scores of all classes sum to 1, for logits of any size", () => {
  for (const offset of [0, 1000, -1000]) {
    const top = topClasses(Float32Array.of(offset, offset + 1, offset - 1, offset), labels, 99);
    expect(top).toHaveLength(4);
    expect(top.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 12);
    expect(top[0].score).toBeCloseTo(Math.E / (Math.E + 1 + 1 / Math.E + 1), 6);
  }
});

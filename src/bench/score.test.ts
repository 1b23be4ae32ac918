import { expect, test } from "vitest";
import { accuracyOf, agreementOf } from "./score.ts";

const row = (...logits: number[]) => Float32Array.from(logits);

test("top-1 and top-5 count the place of the right class, ties in the order of classes", () => {
  const logits = row(1, 6, 5, 4, 3, 2, 1);
  expect(accuracyOf([logits, logits, logits, logits], [1, 2, 5, 6])).toEqual({ top1: 0.25, top5: 0.75 });
  expect(accuracyOf([row(2, 2), row(2, 2)], [0, 1]).top1).toBe(0.5);
});

test("agreement is about the first class alone, the worst error about every logit", () => {
  const reference = [row(0, 3, 4), row(5, 0, 0)];
  const { agreement, cosine, worstLogitError } = agreementOf([row(0, 4, 3), row(2, 0, 0)], reference);
  expect(agreement).toBe(0.5);
  expect(worstLogitError).toBe(3);
  expect(cosine).toBeCloseTo((24 / 25 + 1) / 2, 12); // f64 sums of small integers
});

test("a logit that is no number is the worst error", () => {
  const { worstLogitError } = agreementOf([row(1, Number.NaN), row(1, 0)], [row(1, 2), row(0, 0)]);
  expect(worstLogitError).toBeNaN();
});

import { expect, test } from "vitest";
import { compared } from "./against.ts";
import type { ModelPrediction } from "./models.ts";
import { printed } from "./print.ts";
import type { Report } from "./report.ts";

const model: ModelPrediction = {
  ...{ card: "a card", program: "int8", model: "ti", batch: 1 },
  ...{ predictedUs: 2000, floorUs: 1000, steps: [] },
};
const reportOf = (...predicted: ModelPrediction[]): Report => ({
  ...{ date: "2026-11-30T00:00:00.000Z", mesa: undefined, pipelines: [], failures: [] },
  predicted,
});
const cases = reportOf({ ...model, program: "cases" });

test("the kernels' test cases are no model: their sum is not printed", () => {
  for (const text of [printed(cases, true), compared(cases, cases, true)])
    expect(text).not.toContain("PREDICTED ms of a batch");
  const both = reportOf({ ...model, program: "cases" }, model);
  for (const text of [printed(both, false), compared(both, both, false)]) {
    expect(text).toMatch(/PREDICTED ms of a batch/);
    expect(text).toMatch(/^a card +int8 +DeiT-ti +1 /m);
    expect(text).not.toMatch(/^a card +cases/m);
  }
});

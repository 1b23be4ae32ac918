// Each distinct problem is settled once, for every step with it.

import { expect, test, vi } from "vitest";
import type { AnyKernel } from "../gpu/kernel.ts";
import { type Choose, settle } from "./settle.ts";
import type { Graph, Step } from "./step.ts";

const kernels = { a: { name: "a" } as AnyKernel, b: { name: "b" } as AnyKernel };
const stepOf = (label: string, kernel: AnyKernel, problem: object): Step => {
  return { label, operation: "linear", kernels: [kernel], problem, buffers: {} };
};
const graph: Graph = {
  steps: [
    stepOf("0.a", kernels.a, { rows: 1 }),
    stepOf("0.b", kernels.b, { rows: 1 }),
    stepOf("1.a", kernels.a, { rows: 1 }),
    stepOf("2.a", kernels.a, { rows: 2 }),
  ],
  tensors: new Map(),
  held: new Set(),
};

test("a kernel's problem is chosen for once, on the step that has it first", async () => {
  const timeMs = vi.fn(async () => 1);
  const choose = vi.fn<Choose>(async ({ kernels: [kernel] }, measure) => {
    await measure(kernel, "one");
    return { kernel, variant: "one", why: "" };
  });
  const settled = await settle(graph, choose, timeMs);
  expect(settled.map(({ step, choice }) => `${step.label} ${choice.kernel.name}`)).toEqual([
    "0.a a",
    "0.b b",
    "1.a a",
    "2.a a",
  ]);
  expect(choose.mock.calls.map(([{ label }]) => label)).toEqual(["0.a", "0.b", "2.a"]);
  const timed = timeMs.mock.calls as unknown as [{ step: Step }][];
  expect(timed.map(([{ step }]) => step.label)).toEqual(["0.a", "0.b", "2.a"]);
});

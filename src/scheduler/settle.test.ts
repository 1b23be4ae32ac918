// Fused steps take the place of two where they are chosen, and of no others.

import { expect, test, vi } from "vitest";
import type { AnyKernel } from "../gpu/kernel.ts";
import { assignSlots } from "./memory.ts";
import { type Fuse, settle } from "./settle.ts";
import type { Graph, Step } from "./step.ts";

const kernel = (name: string) => ({ name }) as AnyKernel;
const stepOf = (label: string, name: string, buffers: Record<string, string> = {}): Step => ({
  label,
  kernels: [kernel(name)],
  problem: { of: label.split(".")[1] },
  buffers,
});

/** Two blocks of three steps, of which the last two may be one. */
const steps = [0, 1].flatMap((i) => [
  stepOf(`${i}.a`, "a", { x: `x${i}`, out: `a${i}` }),
  stepOf(`${i}.b`, "b", { x: `a${i}`, out: `b${i}` }),
  stepOf(`${i}.c`, "c", { x: `b${i}`, out: `x${i + 1}` }),
]);
const names = new Set(steps.flatMap(({ buffers }) => Object.values(buffers)));
const graph: Graph = {
  steps,
  fusions: new Map([0, 1].map((i) => [`${i}.b`, [{ step: stepOf(`${i}.b+c`, "bc"), count: 2 }]])),
  tensors: new Map([...names].map((name) => [name, 4])),
  held: new Set(["x0", "x2"]),
};

const choose = vi.fn((step: Step) => ({ kernel: step.kernels[0], variant: "one", why: "" }));
const timeMs = vi.fn(async () => 1);
const labelsOf = async (fuse?: Fuse) =>
  (await settle(graph, { choose, fuse }, timeMs)).map(({ step }) => step.label);
const always: Fuse = async (fused) => ({ kernel: fused.kernels[0], variant: "one", why: "" });

test("one step stands for two where it is chosen", async () => {
  expect(await labelsOf(always)).toEqual(["0.a", "0.b+c", "1.a", "1.b+c"]);
});

test("the two stay where it is not, or nobody is asked", async () => {
  expect(await labelsOf(async () => undefined)).toEqual(steps.map(({ label }) => label));
  expect(await labelsOf()).toEqual(steps.map(({ label }) => label));
});

test("what stands for more is asked for first, and the steps behind it are as they were", async () => {
  const all = { step: stepOf("0.a+b+c", "abc"), count: 3 };
  const wider: Graph = { ...graph, fusions: new Map([...graph.fusions!, ["0.a", [all]], ["1.a", []]]) };
  const labels = async (fuse: Fuse) =>
    (await settle(wider, { choose, fuse }, timeMs)).map(({ step }) => step.label);
  expect(await labels(always)).toEqual(["0.a+b+c", "1.a", "1.b+c"]);
  const onlyTwo: Fuse = async (fused, ...rest) =>
    fused.kernels[0].name === "bc" ? always(fused, ...rest) : undefined;
  expect(await labels(onlyTwo)).toEqual(["0.a", "0.b+c", "1.a", "1.b+c"]);
});

test("each distinct problem is asked for once, and the pair is timed as it was chosen", async () => {
  choose.mockClear();
  const fuse = vi.fn<Fuse>(async (_fused, measure, { kernels, measureMs }) => {
    expect(kernels.map(({ name }) => name)).toEqual(["b", "c"]);
    await measureMs();
    await measure(kernel("bc"), "two");
    return undefined;
  });
  await labelsOf(fuse);
  expect(choose).toHaveBeenCalledTimes(3);
  expect(fuse).toHaveBeenCalledTimes(1);
  const timed = timeMs.mock.calls as unknown as { step: Step }[][];
  expect(timed.map((call) => call.map(({ step }) => step.label))).toEqual([["0.b", "0.c"], ["0.b+c"]]);
});

test("what the last of some writes shares no memory with what the first one reads", () => {
  const together = (of: Graph, a: string, b: string) =>
    assignSlots(of).some(({ tensors }) => tensors.includes(a) && tensors.includes(b));
  expect(together({ ...graph, fusions: undefined }, "a0", "x1")).toBe(true);
  expect(together(graph, "a0", "x1")).toBe(false);
  const three = { ...graph, fusions: new Map([["0.a", [{ step: stepOf("0.a+b+c", "abc"), count: 3 }]]]) };
  expect(together(three, "a0", "x1")).toBe(false);
  expect(together(three, "a0", "a1")).toBe(true);
});

// The harness on small problems: its results must be correct, and a wrong kernel must not be timed.

import { afterAll, describe, expect, test } from "vitest";
import { type Gpu, openGpu } from "../gpu/gpu.ts";
import { nodeGpu } from "../node/gpu.ts";
import { ImageClassifier } from "../node/index.ts";
import type { AnyCases, HostArray } from "../testing/cases.ts";
import { Device } from "./device.ts";
import { allCases, benchKernels, kernelTasks, largestOf } from "./kernels.ts";
import { madeUpFolder, madeUpModel } from "./made-up-model.ts";
import { madeUpPicture } from "./pixels.ts";
import { provenOn } from "./proof.ts";
import { spreadOf } from "./statistics.ts";
import { timeKernel } from "./timed-kernel.ts";

const open = async () => openGpu({ gpu: await nodeGpu() });
const gpu = await open();
const device = new Device(async () => gpu);
afterAll(() => gpu.destroy());
const once = { forMs: 0, atLeast: 1, atMost: 1 };
const peaks = { dotGops: 100, floatGops: 100, copyGBs: 10 };
const casesOf = (name: string) => allCases.find(({ kernel }) => kernel.name === name)!;

test("a wrong kernel is refused, in words that name it", async () => {
  const right = casesOf("peak_copy");
  const wrong: AnyCases = {
    ...right,
    reference: (_, { x }: Record<string, HostArray>) => ({ out: x.map((byte, i) => byte ^ Number(i === 5)) }),
  };
  const [{ problem }] = right.problems;
  await expect(provenOn(gpu, right, "vec4", problem)).resolves.toEqual({ worstError: 0, exact: true });
  await expect(provenOn(gpu, wrong, "vec4", problem)).rejects.toThrow(/^peak_copy vec4: out\[5\]: got/);
});

test("twice the work takes about twice the time", async () => {
  const cases = casesOf("peak_float");
  const repeats = { forMs: 0, atLeast: 5, atMost: 5 };
  const ratios = [];
  for (let i = 0; i < 3; i++) {
    const [one, four] = [
      await timeKernel(gpu, cases, "vec4", { threads: 4096, rounds: 256 }, repeats),
      await timeKernel(gpu, cases, "vec4", { threads: 4096, rounds: 1024 }, repeats),
    ];
    ratios.push(four.ms.median / one.ms.median);
  }
  // Four times the rounds, on a machine that others use too.
  const { median } = spreadOf(ratios);
  expect(median).toBeGreaterThan(2);
  expect(median).toBeLessThan(8);
});

test("a made-up folder loads as any other", async () => {
  const classifier = await ImageClassifier.load(madeUpFolder({ width: 64, heads: 1, depth: 2 }, 32));
  const [best] = await classifier.classify(madeUpPicture(1, 40, 40));
  expect(best.label).toMatch(/^class \d+$/);
  await classifier.dispose();
});

describe("kernels", () => {
  const suites = ["attention", "layernorm_quantize", "head", "resize_rows"].map(casesOf);
  const tiny = madeUpModel("tiny", { width: 64, heads: 1, depth: 2 }, 32);
  const tasks = kernelTasks(gpu.capabilities, suites, tiny, 1);

  test("every kernel of the cases has its rows, proved before they are timed", async () => {
    const bytes = gpu.bytes;
    const rows = await benchKernels(device, tasks, { peaks, repeats: once });
    expect(new Set(rows.map(({ kernel }) => kernel))).toEqual(
      new Set(suites.map(({ kernel }) => kernel.name)),
    );
    expect(rows.filter(({ error }) => error)).toEqual([]);
    for (const { ms, wallMs, gops, ofPeak, proof } of rows) {
      // The wall sees the GPU's time, and encoding and waiting too.
      expect(wallMs!.median).toBeGreaterThan(0.9 * ms!.median);
      expect(ms!.median).toBeGreaterThan(0);
      expect(proof).toBeDefined();
      if (ofPeak !== undefined) expect(ofPeak).toBeCloseTo(gops! / 100);
    }
    const attention = rows.filter(({ kernel }) => kernel === "attention");
    // All tokens, and in the last block the class token's row alone.
    expect(new Set(attention.map(({ step }) => step))).toEqual(
      new Set(["blocks.0.attention", "blocks.1.attention"]),
    );
    expect(gpu.bytes).toBe(bytes);
  });

  test("an abort ends it", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(benchKernels(device, tasks, { peaks, repeats: once, signal })).rejects.toThrow("enough");
  });

  test("the largest of each kernel keep all its variants", () => {
    const largest = largestOf(tasks);
    for (const { kernel } of suites) {
      const steps = (list: typeof tasks) => list.filter(({ cases }) => cases.kernel === kernel);
      expect(new Set(steps(largest).map(({ variant }) => variant))).toEqual(
        new Set(steps(tasks).map(({ variant }) => variant)),
      );
    }
    expect(largest.map(({ step }) => step)).not.toContain("blocks.1.attention");
  });

  test("a lost device costs one row", async () => {
    const opened: Gpu[] = [];
    const fragile = new Device(async () => {
      opened.push(await open());
      return opened[opened.length - 1];
    });
    const onRow = (_: unknown, done: number) => {
      if (done === 1) setTimeout(() => opened[0].device.destroy(), 1);
    };
    const rows = await benchKernels(fragile, tasks.slice(0, 3), { peaks, repeats: once, onRow });
    expect(rows.map(({ error }) => Boolean(error))).toEqual([false, true, false]);
    expect(rows[1].error).toMatch(/^GPU device: lost/);
    expect(opened).toHaveLength(2);
    fragile.destroy();
  });
});

import { afterAll, describe, expect, test } from "vitest";
import { SelfTestError } from "../errors/errors.ts";
import { openGpu } from "../gpu/gpu.ts";
import { type AnyKernel, defineKernel, variantsFor } from "../gpu/kernel.ts";
import { type AttentionProblem, attention } from "../kernels/attention.ts";
import { attentionRegisters } from "../kernels/attention-registers.ts";
import { type GemmProblem, GROUP } from "../kernels/gemm.ts";
import { gemmInt8Broadcast } from "../kernels/gemm-int8-broadcast.ts";
import { gemmInt8Direct } from "../kernels/gemm-int8-direct.ts";
import { gemmInt8Norm } from "../kernels/gemm-int8-norm.ts";
import { layernormQuantize } from "../kernels/layernorm.ts";
import { nodeGpu } from "../node/gpu.ts";
import { answersRight } from "./self-test.ts";
import { type Step, step } from "./step.ts";
import { chooseProven, chooserByMeasuring, type Tuning } from "./tune.ts";

const gpu = await openGpu({ gpu: await nodeGpu() });
afterAll(() => gpu.destroy());

const problem: GemmProblem = { rows: 16, n: GROUP, k: GROUP };
const names = { a: "a", w: "w", a_scale: "s", w_scale: "t", bias: "b", addend: "d", out: "o" };
const measureAs = (ms: Record<string, number>) => async (_: AnyKernel, variant: string) => ms[variant] ?? 9;

/** The direct kernel, whose named variants forget the bias. */
function broken(...variants: string[]) {
  const entries = Object.entries(gemmInt8Direct.add.variants).map(([name, variant]) => {
    const wgsl = variants.includes(name) ? variant.wgsl.replaceAll("+ bias[column4]", "") : variant.wgsl;
    return [name, { ...variant, wgsl }];
  });
  return defineKernel({
    ...gemmInt8Direct.add,
    name: `broken ${variants.join(" ")}`,
    variants: Object.fromEntries(entries) as typeof gemmInt8Direct.add.variants,
  });
}

const all = Object.keys(gemmInt8Direct.add.variants);
const stepOf = (kernel: typeof gemmInt8Direct.add): Step => step("fc2", kernel, problem, names);

test("every variant of the real kernels finds the known answer", async () => {
  for (const kernel of [gemmInt8Direct.add, gemmInt8Direct.quantize]) {
    for (const variant of all) expect(await answersRight(gpu, kernel, variant)).toBe(true);
  }
  for (const kernel of [attention, attentionRegisters])
    for (const variant of variantsFor(kernel, gpu.capabilities, kernel.probe!().problem as AttentionProblem))
      expect(await answersRight(gpu, kernel, variant), `${kernel.name}/${variant}`).toBe(true);
  const subgroup = `f32-subgroup${gpu.capabilities.subgroupSize}`;
  if (subgroup in gemmInt8Broadcast.add.variants) {
    expect(await answersRight(gpu, gemmInt8Broadcast.add, subgroup)).toBe(true);
    expect(await answersRight(gpu, gemmInt8Broadcast.quantize, subgroup)).toBe(true);
  }
});

test("attention without its softmax is found out", async () => {
  const { f32 } = attention.variants;
  const wgsl = f32.wgsl.replace("let p = exp2(scores[key] - greatest);", "let p = scores[key];");
  expect(wgsl).not.toBe(f32.wgsl);
  const wrong = {
    ...attention,
    name: "no softmax",
    variants: { ...attention.variants, f32: { ...f32, wgsl } },
  };
  expect(await answersRight(gpu, wrong, "f32")).toBe(false);
});

test("a variant that computes wrongly is passed over, and the report says so", async () => {
  const choice = await chooseProven(gpu)(stepOf(broken(all[0])), measureAs({}));
  expect(choice.variant).not.toBe(all[0]);
  expect(choice.why).toContain("computes wrongly");
});

test("when all compute wrongly, that is an error", async () => {
  await expect(chooseProven(gpu)(stepOf(broken(...all)), measureAs({}))).rejects.toThrow(SelfTestError);
});

test("the fastest by measuring is chosen, remembered, and not measured again", async () => {
  const tuning: Tuning = new Map();
  const fast = { [all[2]]: 1 };
  const chosen = await chooserByMeasuring(gpu, tuning).choose(stepOf(gemmInt8Direct.add), measureAs(fast));
  expect(chosen.variant).toBe(all[2]);
  const again = await chooserByMeasuring(gpu, tuning).choose(stepOf(gemmInt8Direct.add), () => {
    throw new Error("measured again");
  });
  expect(again.variant).toBe(all[2]);
});

test("a faster variant that computes wrongly is not chosen", async () => {
  const kernel = broken(all[2]);
  const chosen = await chooserByMeasuring(gpu, new Map()).choose(
    stepOf(kernel),
    measureAs({ [all[2]]: 1, [all[1]]: 2 }),
  );
  expect(chosen.variant).toBe(all[1]);
});

test("what a budget had no time to compare is not remembered as measured", async () => {
  const slow = async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return 1;
  };
  const tuning: Tuning = new Map();
  await chooserByMeasuring(gpu, tuning, 10).choose(stepOf(gemmInt8Direct.add), slow);
  expect(tuning.size).toBe(0);
});

test("a spent budget leaves the table's choice", async () => {
  const table = await chooseProven(gpu)(stepOf(gemmInt8Direct.add), measureAs({}));
  const chosen = await chooserByMeasuring(gpu, new Map(), 0).choose(
    stepOf(gemmInt8Direct.add),
    measureAs({ [all[3]]: 0 }),
  );
  expect(chosen.variant).toBe(table.variant);
});

describe("one step for two", () => {
  const fused: Step = {
    label: "fc2+norm1",
    kernels: [gemmInt8Norm],
    problem: { ...problem, width: GROUP, eps: 1e-6 },
    buffers: {},
  };
  const pairOf = (ms: number) => ({
    kernels: [gemmInt8Direct.add, layernormQuantize],
    measureMs: async () => ms,
  });
  const variant = "f32-16";
  const never = () => {
    throw new Error("measured again");
  };

  test("every variant finds the known answer", async () => {
    for (const name of variantsFor(gemmInt8Norm, gpu.capabilities, gemmInt8Norm.probe!().problem as never))
      expect(await answersRight(gpu, gemmInt8Norm, name), name).toBe(true);
  });

  test("is chosen where it is faster, remembered, and not measured again", async () => {
    const tuning: Tuning = new Map();
    const { fuse } = chooserByMeasuring(gpu, tuning, 1e6);
    expect((await fuse(fused, measureAs({ [variant]: 1 }), pairOf(2)))?.variant).toBe(variant);
    const again = await chooserByMeasuring(gpu, tuning).fuse(fused, never, {
      ...pairOf(2),
      measureMs: never,
    });
    expect(again?.variant).toBe(variant);
  });

  test("is not chosen where the two are as fast, and that is remembered too", async () => {
    const tuning: Tuning = new Map();
    const { fuse } = chooserByMeasuring(gpu, tuning, 1e6);
    expect(await fuse(fused, measureAs({ [variant]: 1.99 }), pairOf(2))).toBeUndefined();
    const kept: Tuning = new Map(JSON.parse(JSON.stringify([...tuning])));
    const again = chooserByMeasuring(gpu, kept).fuse(fused, never, { ...pairOf(2), measureMs: never });
    expect(await again).toBeUndefined();
  });

  test("is measured anew once another kernel is chosen for the two", async () => {
    const tuning: Tuning = new Map();
    await chooserByMeasuring(gpu, tuning, 1e6).fuse(fused, measureAs({}), pairOf(2));
    const other = { ...pairOf(20), kernels: [gemmInt8Broadcast.add, layernormQuantize] };
    const found = await chooserByMeasuring(gpu, tuning, 1e6).fuse(fused, measureAs({ [variant]: 1 }), other);
    expect(found?.variant).toBe(variant);
  });

  test("is not chosen where it computes wrongly, nor without a budget", async () => {
    const wgsl = gemmInt8Norm.variants["f32-16"].wgsl.replace("(x - mean) * inverse", "(x - mean)");
    expect(wgsl).not.toBe(gemmInt8Norm.variants["f32-16"].wgsl);
    const wrong = {
      ...gemmInt8Norm,
      name: "no deviation",
      variants: { [variant]: { ...gemmInt8Norm.variants["f32-16"], wgsl } },
    } as unknown as AnyKernel;
    const { fuse } = chooserByMeasuring(gpu, new Map(), 1e6);
    expect(
      await fuse({ ...fused, kernels: [wrong] }, measureAs({ [variant]: 1 }), pairOf(2)),
    ).toBeUndefined();
    const without = chooserByMeasuring(gpu, new Map(), 0);
    expect(await without.fuse(fused, measureAs({ [variant]: 1 }), pairOf(2))).toBeUndefined();
  });
});

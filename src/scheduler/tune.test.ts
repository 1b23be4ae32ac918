import { afterAll, expect, test } from "vitest";
import { SelfTestError } from "../errors/errors.ts";
import { openGpu } from "../gpu/gpu.ts";
import { type AnyKernel, defineKernel, variantsFor } from "../gpu/kernel.ts";
import { type AttentionProblem, attention } from "../kernels/attention.ts";
import { attentionTiled } from "../kernels/attention-tiled.ts";
import { type GemmProblem, GROUP } from "../kernels/gemm.ts";
import { gemmInt8Broadcast } from "../kernels/gemm-int8-broadcast.ts";
import { gemmInt8Direct } from "../kernels/gemm-int8-direct.ts";
import { nodeGpu } from "../node/gpu.ts";
import { answersRight } from "./self-test.ts";
import { type Step, step } from "./step.ts";
import { chooseByMeasuring, chooseProven, type Tuning } from "./tune.ts";

const gpu = await openGpu({ gpu: await nodeGpu() });
afterAll(() => gpu.destroy());

const problem: GemmProblem = { rows: 16, n: GROUP, k: GROUP };
const names = { a: "a", w: "w", a_scale: "s", w_scale: "t", bias: "b", addend: "d", out: "o" };
const measureAs = (ms: Record<string, number>) => async (_: AnyKernel, variant: string) => ms[variant] ?? 9;

/** Under four names, which is few enough to be measured within a budget on a busy machine. */
const { add } = gemmInt8Direct.groups;
const someVariants = ["a", "b", "c", "d"].map((name) => [name, add.variants["f32-16x64"]] as const);
const kernel = defineKernel({ ...add, variants: Object.fromEntries(someVariants) });

/** The kernel, whose named variants forget the bias. */
function broken(...variants: string[]) {
  const entries = someVariants.map(([name, variant]) => {
    const wgsl = variants.includes(name) ? variant.wgsl.replaceAll("+ bias[column4]", "") : variant.wgsl;
    return [name, { ...variant, wgsl }];
  });
  return defineKernel({
    ...kernel,
    name: `broken ${variants.join(" ")}`,
    variants: Object.fromEntries(entries) as typeof kernel.variants,
  });
}

const all = Object.keys(kernel.variants);
const stepOf = (fc2: typeof kernel): Step => step("fc2", "linear", fc2, problem, names);

test("every variant of the real kernels finds the known answer", async () => {
  const { groups, row } = gemmInt8Direct;
  for (const kernel of [...Object.values(groups), ...Object.values(row)])
    for (const variant of Object.keys(kernel.variants))
      expect(await answersRight(gpu, kernel, variant), `${kernel.name}/${variant}`).toBe(true);
  for (const kernel of [attention, attentionTiled])
    for (const variant of variantsFor(kernel, gpu.capabilities, kernel.probe!().problem as AttentionProblem))
      expect(await answersRight(gpu, kernel, variant), `${kernel.name}/${variant}`).toBe(true);
  const subgroup = `f32-subgroup${gpu.capabilities.subgroupSize}`;
  if (subgroup in gemmInt8Broadcast.groups.add.variants) {
    expect(await answersRight(gpu, gemmInt8Broadcast.groups.add, subgroup)).toBe(true);
    expect(await answersRight(gpu, gemmInt8Broadcast.row.quantize, subgroup)).toBe(true);
  }
});

test("attention without its softmax is found out", async () => {
  const { f32 } = attention.variants;
  const wgsl = f32.wgsl.replace("let p = exp2(scores[key] - most);", "let p = scores[key];");
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
  const chosen = await chooseByMeasuring(gpu, tuning)(stepOf(kernel), measureAs(fast));
  expect(chosen.variant).toBe(all[2]);
  const again = await chooseByMeasuring(gpu, tuning)(stepOf(kernel), () => {
    throw new Error("measured again");
  });
  expect(again.variant).toBe(all[2]);
});

test("a faster variant that computes wrongly is not chosen", async () => {
  const chosen = await chooseByMeasuring(gpu, new Map())(
    stepOf(broken(all[2])),
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
  await chooseByMeasuring(gpu, tuning, 10)(stepOf(kernel), slow);
  expect(tuning.size).toBe(0);
});

test("a spent budget leaves the table's choice", async () => {
  const table = await chooseProven(gpu)(stepOf(kernel), measureAs({}));
  const chosen = await chooseByMeasuring(gpu, new Map(), 0)(stepOf(kernel), measureAs({ [all[3]]: 0 }));
  expect(chosen.variant).toBe(table.variant);
});

// On a slow adapter a step is cut by rows where it alone would take longer than a slice: the same bits by more dispatches.

import { afterAll, expect, test } from "vitest";
import { Engine } from "../classifier/engine.ts";
import { GpuBackend } from "../classifier/gpu-backend.ts";
import { openPicture } from "../classifier/picture.ts";
import { openGpu } from "../gpu/gpu.ts";
import { arithmeticOf } from "../lower/arithmetic.ts";
import { programOf } from "../lower/program-of.ts";
import { nodeGpu } from "../node/gpu.ts";
import { madeUpModel, madeUpWeights } from "./made-up-model.ts";
import { madeUpPicture } from "./pixels.ts";

const gpu = await openGpu({ gpu: await nodeGpu() });
afterAll(() => gpu.destroy());

/** 101 tokens: two parts of 40 rows and one of 21. */
const SIDE = 160;
const model = madeUpModel("made up", { width: 128, heads: 2, depth: 2 }, SIDE);
const picture = await openPicture(madeUpPicture(0, SIDE, SIDE));

async function runOf(sliceMs?: number) {
  const program = await programOf(model, arithmeticOf({}), gpu.capabilities);
  const weights = await madeUpWeights(gpu, model, program);
  const engine = new Engine(program, new GpuBackend(gpu, model, weights, { sliceMs }));
  await engine.run([picture]);
  const [{ logits }] = await engine.run([picture]);
  const { passes } = await engine.profile(picture);
  const { dispatches } = engine;
  await engine.destroy();
  return { logits, dispatches, passes: passes.map(({ name }) => name) };
}

test("the same bits, and one time for each kind of pass", async () => {
  const [whole, cut] = [await runOf(), await runOf(1e-6)];
  expect(cut.logits).toEqual(whole.logits);
  expect(cut.passes).toEqual(whole.passes);
  // QKV of the first block, in three parts, at least; what has no subgroups of 4 or 8 has no kernel that can be cut.
  const more = [4, 8].includes(gpu.capabilities.subgroupSize ?? 0) ? 2 : 0;
  expect(cut.dispatches).toBeGreaterThanOrEqual(whole.dispatches + more);
});

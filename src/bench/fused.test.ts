// A model in five passes a block answers as in seven.

import { afterAll, expect, test } from "vitest";
import { Engine } from "../classifier/engine.ts";
import { GpuBackend } from "../classifier/gpu-backend.ts";
import { openPicture } from "../classifier/picture.ts";
import { openGpu } from "../gpu/gpu.ts";
import { nodeGpu } from "../node/gpu.ts";
import { chooseByTable } from "../scheduler/choose.ts";
import type { Chooser } from "../scheduler/settle.ts";
import { arithmeticOf, kernelsFor } from "../vit/nonlinear.ts";
import { madeUpModel, madeUpWeights } from "./made-up-model.ts";
import { madeUpPicture } from "./pixels.ts";

const gpu = await openGpu({ gpu: await nodeGpu() });
afterAll(() => gpu.destroy());

const model = madeUpModel("made up", { width: 128, heads: 2, depth: 2 }, 64);
const choose: Chooser["choose"] = (step) => chooseByTable(step, gpu.capabilities);
const fuse: Chooser["fuse"] = async (step) => chooseByTable(step, gpu.capabilities);
const pictures = await Promise.all([0, 1, 2].map((i) => openPicture(madeUpPicture(i, 64, 64))));

async function runOf(chooser: Chooser) {
  const kernels = await kernelsFor(arithmeticOf({}), gpu.capabilities);
  const backend = new GpuBackend(gpu, model, madeUpWeights(gpu, model, "int8"), { chooser });
  const engine = new Engine(model, { precision: "int8", kernels }, backend);
  const answers = await engine.run(pictures);
  const { passes } = await engine.profile(pictures[0]);
  const { dispatches } = engine;
  await engine.destroy();
  return { answers, dispatches, passes: passes.map(({ name }) => name) };
}

test("the same logits, by 4 dispatches fewer of 17, and a time for each pass", async () => {
  const bytes = gpu.bytes;
  const [seven, five] = [await runOf({ choose }), await runOf({ choose, fuse })];
  expect(seven.dispatches - five.dispatches).toBe(4);
  const fused = ["patch+norm1", "qkv", "attention", "proj+norm2", "fc1", "fc2+norm1", "fc2", "norm", "head"];
  expect(five.passes).toEqual(["preprocess", ...fused]);
  for (const [i, { logits }] of five.answers.entries()) {
    const expected = seven.answers[i].logits;
    const largest = Math.max(...expected.map(Math.abs));
    // Sums of a row in another order move now and then an int8 value by a step, of 127.
    const errors = logits.map((value, c) => Math.abs(value - expected[c]));
    expect(Math.max(...errors)).toBeLessThan(0.02 * largest);
  }
  expect(gpu.bytes).toBe(bytes);
});

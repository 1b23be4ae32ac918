// The time of one image by pass, with synthetic weights, because speed does not depend on the values.

import { Engine, type Profile } from "../classifier/engine.ts";
import { GpuBackend } from "../classifier/gpu-backend.ts";
import type { ModelDescription } from "../classifier/model.ts";
import { openPicture } from "../classifier/picture.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { arithmeticOf } from "../lower/arithmetic.ts";
import { programOf } from "../lower/program-of.ts";
import { madeUpWeights } from "./made-up-model.ts";
import { madeUpPicture } from "./pixels.ts";
import { spreadOf } from "./statistics.ts";

const RUNS = 5;

/** Medians of five profiles, after one that compiles. */
export async function profileOf(gpu: Gpu, model: ModelDescription, signal: AbortSignal): Promise<Profile> {
  const program = await programOf(model, arithmeticOf({}), gpu.capabilities);
  const weights = await madeUpWeights(gpu, model, program);
  const engine = new Engine(program, new GpuBackend(gpu, model, weights));
  try {
    const picture = await openPicture(madeUpPicture(0));
    const { source, passes } = await engine.profile(picture);
    const samples = passes.map((): number[] => []);
    for (let run = 0; run < RUNS; run++) {
      signal.throwIfAborted();
      for (const [i, { ms }] of (await engine.profile(picture)).passes.entries()) samples[i].push(ms);
    }
    return { source, passes: passes.map(({ name }, i) => ({ name, ms: spreadOf(samples[i]).median })) };
  } finally {
    await engine.destroy();
  }
}

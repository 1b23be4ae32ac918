// The measured peaks of this adapter, with which kernels are compared.

import type { Gpu } from "../gpu/gpu.ts";
import { variantsFor } from "../gpu/kernel.ts";
import peakCopyCases from "../kernels/peak-copy.cases.ts";
import peakDotCases from "../kernels/peak-dot.cases.ts";
import peakFloatCases from "../kernels/peak-float.cases.ts";
import type { AnyCases } from "../testing/cases.ts";
import { provenOn } from "./proof.ts";
import type { Repeats } from "./sampling.ts";
import { timeKernel } from "./timed-kernel.ts";

/** Operations count a multiply-add twice; bytes count reads and writes. */
export interface Peaks {
  /** 10^9 int8 operations a second by dot4I8Packed; undefined where the language lacks it. */
  readonly dotGops: number | undefined;
  readonly floatGops: number;
  /** 10^9 bytes a second, read and written. */
  readonly copyGBs: number;
}

const SOFTWARE = { arithmetic: { threads: 4096, rounds: 512 }, copy: { threads: 2 ** 20 } };
const HARDWARE = { arithmetic: { threads: 2 ** 18, rounds: 4096 }, copy: { threads: 2 ** 22 } };

/** @throws DeviceError where a micro-kernel computes wrongly: nothing else can be trusted then. */
export async function measurePeaks(gpu: Gpu, repeats: Repeats, signal?: AbortSignal): Promise<Peaks> {
  const size = gpu.capabilities.software ? SOFTWARE : HARDWARE;
  const best = async (cases: AnyCases, problem: object) => {
    const [variant] = variantsFor(cases.kernel, gpu.capabilities, problem);
    if (!variant) return undefined;
    await provenOn(gpu, cases, variant, cases.problems[0].problem);
    const { ms } = await timeKernel(gpu, cases, variant, problem, repeats, signal);
    const { macs, bytes } = cases.kernel;
    return { gops: (2 * macs(problem)) / ms.p10 / 1e6, gbs: bytes(problem) / ms.p10 / 1e6 };
  };
  const [dot, float, copy] = [
    await best(peakDotCases, size.arithmetic),
    await best(peakFloatCases, size.arithmetic),
    await best(peakCopyCases, size.copy),
  ];
  return { dotGops: dot?.gops, floatGops: float!.gops, copyGBs: copy!.gbs };
}

import type { AnyCases, HostArray, Rng } from "../testing/cases.ts";
import type { PeakProblem } from "./peak.ts";
import { peakFloat } from "./peak-float.ts";

export default {
  kernel: peakFloat,
  problems: [{ name: "32 links", problem: { threads: 512, rounds: 32 } }],
  inputs: ({ threads }: PeakProblem, rng: Rng) => ({ seed: rng.f32(threads * 4, 0.9) }),
  outputs: ({ threads }: PeakProblem) => ({ out: { type: "f32", length: threads * 4 } }),
  reference({ rounds }: PeakProblem, { seed }: Record<string, HostArray>) {
    const out = Float64Array.from(seed, (b) => {
      let all = 0;
      for (let chain = 0; chain < 8; chain++) {
        let sum = b + chain;
        for (let r = 0; r < rounds; r++) sum = sum * b + b;
        all += sum;
      }
      return all;
    });
    return { out };
  },
  // Each link rounds twice and scales the value before by 0.9: errors of 20 roundings of 9, eight times.
  tolerance: { out: { abs: 1e-4, rel: 1e-6 } },
} as unknown as AnyCases;

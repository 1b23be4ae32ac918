import type { AnyCases, HostArray, Rng } from "../testing/cases.ts";
import type { PeakProblem } from "./peak.ts";
import { peakDot } from "./peak-dot.ts";

const STARTS = Array.from({ length: 8 }, (_, i) => 0x01020304 + i * 0x04040404);

export default {
  kernel: peakDot,
  problems: [{ name: "32 links", problem: { threads: 512, rounds: 32 } }],
  inputs: ({ threads }: PeakProblem, rng: Rng) => ({ seed: rng.i8(threads * 4) }),
  outputs: ({ threads }: PeakProblem) => ({ out: { type: "i32", length: threads } }),
  reference({ threads, rounds }: PeakProblem, { seed }: Record<string, HostArray>) {
    const chain = (start: number, b: HostArray) => {
      let sum = start;
      for (let r = 0; r < rounds; r++) {
        const [w, x, y, z] = new Int8Array(Int32Array.of(sum).buffer);
        sum = (sum + w * b[0] + x * b[1] + y * b[2] + z * b[3]) | 0;
      }
      return sum;
    };
    const out = Int32Array.from({ length: threads }, (_, thread) => {
      const b = seed.subarray(thread * 4, thread * 4 + 4);
      return STARTS.reduce((all, start) => all ^ chain(start, b), 0);
    });
    return { out };
  },
  // Integers.
  tolerance: { out: { abs: 0, rel: 0 } },
} as unknown as AnyCases;

import type { AnyCases, HostArray, Rng } from "../testing/cases.ts";
import type { PeakProblem } from "./peak.ts";
import { peakCopy } from "./peak-copy.ts";

export default {
  kernel: peakCopy,
  problems: [{ name: "three workgroups", problem: { threads: 768 } }],
  inputs: ({ threads }: PeakProblem, rng: Rng) => ({ x: rng.u8(threads * 16) }),
  outputs: ({ threads }: PeakProblem) => ({ out: { type: "u8", length: threads * 16 } }),
  reference: (_: PeakProblem, { x }: Record<string, HostArray>) => ({ out: x }),
  // A copy.
  tolerance: { out: { abs: 0, rel: 0 } },
} as unknown as AnyCases;

import wgsl from "../../shaders/peak_dot.wgsl?wgsl";
import { defineKernel } from "../gpu/kernel.ts";
import { checkPeak, type PeakProblem } from "./peak.ts";

/** The int8-dot ceiling of an adapter: for the benchmark alone. */
export const peakDot = defineKernel({
  name: "peak_dot",
  bindings: { seed: "read", out: "write" },
  variants: {
    dot4: {
      wgsl,
      inner: "dot4",
      constants: ({ rounds }: PeakProblem) => ({ ROUNDS: rounds / 4 }),
      grid: ({ threads }: PeakProblem) => [threads / 256],
    },
  },
  check: checkPeak("peak_dot"),
  macs: ({ threads, rounds }: PeakProblem) => threads * rounds * 8 * 4,
  bytes: ({ threads }: PeakProblem) => threads * 8,
});

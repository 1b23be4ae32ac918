import wgsl from "../../shaders/peak_float.wgsl?wgsl";
import { defineKernel } from "../gpu/kernel.ts";
import { checkPeak, type PeakProblem } from "./peak.ts";

/** The f32 ceiling of an adapter: for the benchmark alone. */
export const peakFloat = defineKernel({
  name: "peak_float",
  bindings: { seed: "read", out: "write" },
  variants: {
    vec4: {
      wgsl,
      inner: "f32",
      constants: ({ rounds }: PeakProblem) => ({ ROUNDS: rounds / 4 }),
      grid: ({ threads }: PeakProblem) => [threads / 256],
    },
  },
  check: checkPeak("peak_float"),
  macs: ({ threads, rounds }: PeakProblem) => threads * rounds * 8 * 4,
  bytes: ({ threads }: PeakProblem) => threads * 32,
});

import wgsl from "../../shaders/peak_copy.wgsl?wgsl";
import { defineKernel } from "../gpu/kernel.ts";
import { checkPeak, type PeakProblem } from "./peak.ts";

/** The memory ceiling of an adapter: for the benchmark alone. */
export const peakCopy = defineKernel({
  name: "peak_copy",
  bindings: { x: "read", out: "write" },
  variants: {
    vec4: { wgsl, grid: ({ threads }: Pick<PeakProblem, "threads">) => [threads / 256] },
  },
  check: ({ threads }: Pick<PeakProblem, "threads">) => checkPeak("peak_copy")({ threads, rounds: 4 }),
  macs: () => 0,
  bytes: ({ threads }: Pick<PeakProblem, "threads">) => threads * 32,
});

// The problem of the micro-kernels that measure an adapter's peaks.

import { checkProblem } from "../gpu/kernel.ts";

export interface PeakProblem {
  /** A multiple of 256, of 65,535 workgroups at most. */
  readonly threads: number;
  /** Links of each of a thread's eight chains, a multiple of 4. */
  readonly rounds: number;
}

export function checkPeak(name: string): (problem: PeakProblem) => void {
  return ({ threads, rounds }) => {
    const fits =
      threads > 0 && threads % 256 === 0 && threads / 256 <= 65_535 && rounds > 0 && rounds % 4 === 0;
    checkProblem(fits, name, "256 | threads, 4 | rounds, both > 0", threads, rounds);
  };
}

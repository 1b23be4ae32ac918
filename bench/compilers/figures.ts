// The figures of one compiled pipeline, for any driver.

import type { Loop } from "./listing.ts";

export interface Figures {
  /** Threads that run in step: a wave, or SIMD16 and the like. */
  readonly wave: number;
  /** AMD's; where there is none, an instruction for one lane takes the turn of one for all. */
  readonly hasScalarUnit: boolean;
  /** Vector registers of each thread; undefined if the driver does not report them: every thread of Intel's has 128. */
  readonly registers?: number;
  readonly scalarRegisters?: number;
  readonly spills: number;
  readonly fills: number;
  /** Memory of a wave in the place of registers and of arrays that are indexed at run time. */
  readonly scratchBytes: number;
  /** Waves per SIMD at the same time; undefined if the driver does not report it. */
  readonly occupancy?: number;
  /** Workgroup memory. */
  readonly localBytes: number;
  readonly instructions: number;
  /** The driver's own estimate, with its own guess at how often loops run. */
  readonly cycles: number;
  readonly code: Loop;
}

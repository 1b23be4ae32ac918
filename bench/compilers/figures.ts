// What is known of one compiled pipeline, from whichever driver.

import type { Loop } from "./listing.ts";

export interface Figures {
  /** Threads that run in step: a wave, or SIMD16 and the like. */
  readonly wave: number;
  /** AMD's; where there is none, an instruction for one lane takes the turn of one for all. */
  readonly hasScalarUnit: boolean;
  /** Of vectors, for each thread; absent where the driver does not say: every thread of Intel's has 128. */
  readonly registers?: number;
  readonly scalarRegisters?: number;
  readonly spills: number;
  readonly fills: number;
  /** Memory of a wave in the place of registers and of arrays that are indexed at run time. */
  readonly scratchBytes: number;
  /** Waves that a SIMD holds at once; absent where the driver does not say. */
  readonly occupancy?: number;
  /** Workgroup memory. */
  readonly localBytes: number;
  readonly instructions: number;
  /** The driver's own estimate, with its own guess at how often loops run. */
  readonly cycles: number;
  readonly code: Loop;
}

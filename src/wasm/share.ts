// Which part of a call's work is whose.

import type { Call } from "./kernels.ts";

/** The units [from, to) of one of `threads`: whole grains, as evenly as they go. */
export function shareOf(
  { units, grain }: Pick<Call, "units" | "grain">,
  thread: number,
  threads: number,
): [from: number, to: number] {
  const grains = Math.ceil(units / grain);
  const border = (i: number) => Math.min(units, Math.floor((grains * i) / threads) * grain);
  return [border(thread), border(thread + 1)];
}

/** The most units that one of them has. */
export function greatestShare({ units, grain }: Pick<Call, "units" | "grain">, threads: number): number {
  return Math.ceil(Math.ceil(units / grain) / threads) * grain;
}

/** For tests of code that waits and then tries again: every wait of 0.1 s or more takes a fortieth of its time. */
import { vi } from "vitest";

/** Returns the requested waits in milliseconds, as they occur; `vi.restoreAllMocks()` restores the timers. */
export function hurry(): number[] {
  const asked: number[] = [];
  const { setTimeout } = globalThis;
  const hurried = (work: () => void, delayMs = 0, ...given: unknown[]) => {
    // Node's own fetch has timers with arguments: those are not ours
    if (delayMs < 100 || given.length) return setTimeout(work, delayMs, ...given);
    asked.push(delayMs);
    return setTimeout(work, delayMs / 40);
  };
  vi.spyOn(globalThis, "setTimeout").mockImplementation(hurried as typeof setTimeout);
  return asked;
}

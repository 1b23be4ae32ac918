// The loop of a thread: waits for a call, then takes one part of it after another and computes them. All in shared memory, so that a step
// costs no message. Parts are taken by the threads: a slow core takes fewer, and no thread waits for one that sleeps.

/** The arguments of a thread. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** The memory in which calls are published: see `CONTROL`. */
  readonly control: SharedArrayBuffer;
  readonly layout: typeof CONTROL;
  /** From 1 on; 0 is the thread that publishes. */
  readonly index: number;
  /** Called once it waits for calls. */
  readonly ready: () => void;
  /** `takeParts`. */
  readonly take: typeof takeParts;
}

/** A control block: words of 32 bits, then numbers of 64. */
export const CONTROL = {
  /** Word: the number of the call, and in the lowest bits the number of its parts that are not taken yet; -1 ends the threads. */
  parts: 0,
  /** The mask of those bits. */
  leftMask: 0xff,
  /** Word: number of parts that are done. On its own cache line, because the waiting thread polls it. */
  done: 16,
  /** Word: which of the exports. */
  which: 32,
  /** Word: how many arguments. */
  count: 33,
  /** Word: how many parts the call has. */
  cut: 34,
  /** Number: the units of the call; how many of them go together; the first scratch memory; its bytes. */
  units: 24,
  grain: 25,
  scratch: 26,
  scratchBytes: 27,
  /** Numbers: the arguments. */
  args: 28,
  /** Bytes of the block. */
  byteLength: 512,
  /** How long a thread that has done a part looks for the next call before it sleeps: it may be on the core that the others need. */
  looksMs: 0.1,
  /** The same for a thread that woke too late for a part: waking may take as long as a step of a small model. */
  wakingLooksMs: 1,
  /** Looks between two readings of the clock. */
  looks: 256,
} as const;

type Exported = readonly ((...args: number[]) => void)[];

/**
 * Takes parts of the published call and computes them, until all are taken; how many it did.
 * Only who has taken a part may read the call: until that is done, it stays.
 */
export function takeParts(
  control: SharedArrayBuffer,
  layout: typeof CONTROL,
  exported: Exported,
  index: number,
) {
  const words = new Int32Array(control);
  const numbers = new Float64Array(control);
  return () => {
    let taken = 0;
    for (;;) {
      const before = Atomics.load(words, layout.parts);
      const left = before < 0 ? 0 : before & layout.leftMask;
      if (left === 0) return taken;
      if (Atomics.compareExchange(words, layout.parts, before, before - 1) !== before) continue;
      const cut = words[layout.cut];
      const [units, grain] = [numbers[layout.units], numbers[layout.grain]];
      // Large parts first and small ones last, 15 13 11 ... 3 1, so that all are done at about the same time.
      const border = (part: number) =>
        Math.min(units, Math.round(Math.ceil(units / grain) * (1 - (1 - part / cut) ** 2)) * grain);
      const scratch = numbers[layout.scratch] + index * numbers[layout.scratchBytes];
      const args = numbers.subarray(layout.args, layout.args + words[layout.count]);
      exported[words[layout.which]](border(cut - left), border(cut - left + 1), ...args, scratch);
      if (Atomics.add(words, layout.done, 1) + 1 === cut) Atomics.notify(words, layout.done);
      taken++;
    }
  };
}

/** Returns only at the end. Neither it nor `takeParts` may refer to anything outside itself: in Node only their text is sent to the thread. */
export function threadLoop({ module, memory, control, layout, index, ready, take }: ThreadStart): void {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const words = new Int32Array(control);
  const work = take(control, layout, Object.values(instance.exports) as never, index);
  ready();
  for (;;) {
    const taken = work();
    const idle = Atomics.load(words, layout.parts);
    if (idle < 0) return;
    if (idle & layout.leftMask) continue;
    const until = performance.now() + (taken ? layout.looksMs : layout.wakingLooksMs);
    for (let looks = 1; Atomics.load(words, layout.parts) === idle; looks++)
      if (looks % layout.looks === 0 && performance.now() > until) break;
    Atomics.wait(words, layout.parts, idle);
  }
}

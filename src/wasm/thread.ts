// What a thread does: waits for a call, does its share, tells that it is done. All over shared memory, so that a step costs no
// message.

/** What a thread is started with. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Where calls are told: see `CONTROL`. */
  readonly control: SharedArrayBuffer;
  readonly layout: typeof CONTROL;
  /** From 1 on; 0 is the thread that tells. */
  readonly index: number;
  /** Called once it waits for calls. */
  readonly ready: () => void;
}

/** A control block: words of 32 bits, then numbers of 64. */
export const CONTROL = {
  /** Word: the number of the call; -1 ends the thread. */
  call: 0,
  /** Word: which of the exports. */
  which: 1,
  /** Word: how many arguments. */
  count: 2,
  /** Words, one for each thread: the last call that it has done. */
  done: 16,
  /** Numbers, three for each thread: its first unit, its last, its scratch memory. */
  shares: 16,
  /** Numbers: the arguments. */
  args: 40,
  /** Bytes of the block. */
  byteLength: 512,
  /** How often a thread looks for its next call before it sleeps: about the time between two steps. */
  looks: 20_000,
} as const;

/** Never returns but at the end. It must not name anything outside itself: in Node its text alone goes to the thread. */
export function threadLoop({ module, memory, control, layout, index, ready }: ThreadStart): void {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const exported = Object.values(instance.exports) as ((...args: number[]) => void)[];
  const words = new Int32Array(control);
  const numbers = new Float64Array(control);
  let seen = 0;
  ready();
  for (;;) {
    for (let i = 0; i < layout.looks && Atomics.load(words, layout.call) === seen; i++);
    Atomics.wait(words, layout.call, seen);
    seen = Atomics.load(words, layout.call);
    if (seen < 0) return;
    const [from, to, scratch] = numbers.subarray(layout.shares + 3 * index, layout.shares + 3 * index + 3);
    const args = numbers.subarray(layout.args, layout.args + words[layout.count]);
    if (from < to) exported[words[layout.which]](from, to, ...args, scratch);
    Atomics.store(words, layout.done + index, seen);
    Atomics.notify(words, layout.done + index);
  }
}

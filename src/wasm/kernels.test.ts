// Every kernel in WebAssembly against the test cases of the GPU kernel that it replaces: whole, and in parts as threads take them.

import { describe, expect, test } from "vitest";
import { type AnyCases, GUARD, type HostArray, type OutputShape, seeded, VIEWS } from "../testing/cases.ts";
import { compareOutputs } from "../testing/check-case.ts";
import { Heap } from "./heap.ts";
import { type Call, wasmKernels } from "./kernels.ts";
import { compileKernels, type Exports, instantiateKernels } from "./module.ts";

const suites = import.meta.glob<AnyCases | readonly AnyCases[]>("../kernels/*.cases.ts", {
  eager: true,
  import: "default",
});
const cases = Object.values(suites)
  .flat()
  .filter(({ kernel }) => wasmKernels.has(kernel.name));
const module = await compileKernels(false);

/** Bytes behind an output that must stay. */
const GUARD_BYTES = 64;

test("every kernel has cases", () => {
  expect(cases.map(({ kernel }) => kernel.name).sort()).toEqual([...wasmKernels.keys()].sort());
});

for (const suite of cases)
  describe(suite.kernel.name, () => {
    const at = suite.problems.flatMap(({ name, problem }) =>
      [1, 2, 5].map((threads) => ({ name, problem, threads })),
    );
    test.each(at)("$name, shared out to $threads", async ({ problem, threads }) => {
      const inputs = suite.inputs(problem as never, seeded(7)) as Record<string, HostArray>;
      const shapes = Object.entries(suite.outputs(problem as never));
      const heap = new Heap();
      const exports = await instantiateKernels(module, heap.memory);
      const placed = Object.entries(inputs).map(([name, data]) => [name, put(heap, data)] as const);
      const made = shapes.map(([name, shape]) => [name, guarded(heap, shape)] as const);
      const places = new Map([...placed, ...made]);
      const at = Object.keys(suite.kernel.bindings).flatMap((name) => places.get(name) ?? []);
      const call = wasmKernels.get(suite.kernel.name)!(problem, at);
      run(exports, heap, call, threads);
      const outputs = made.map(([name, address], i) => [
        name,
        new VIEWS[shapes[i][1].type](heap.memory.buffer, address, shapes[i][1].length),
      ]);
      const expected = suite.reference(problem as never, inputs);
      expect(compareOutputs(suite, Object.fromEntries(outputs), expected).fault).toBeUndefined();
      for (const [i, [name, shape]] of shapes.entries()) {
        const behind = heap.bytes(made[i][1] + byteLength(shape), GUARD_BYTES);
        expect([...behind], `${name}: behind its end`).toEqual(Array(GUARD_BYTES).fill(GUARD));
      }
    });
  });

/** As `takeParts` cuts a call. */
const borderOf = ({ units, grain }: Call, part: number, parts: number) =>
  Math.min(units, Math.round(Math.ceil(units / grain) * (1 - (1 - part / parts) ** 2)) * grain);

/** Each part with dirty scratch memory of exactly the requested length. */
function run(exports: Exports, heap: Heap, call: Call, threads: number): void {
  for (let thread = 0; thread < threads; thread++) {
    const [from, to] = [borderOf(call, thread, threads), borderOf(call, thread + 1, threads)];
    if (from === to) continue;
    const length = call.scratch;
    const scratch = heap.take(length + GUARD_BYTES);
    heap.bytes(scratch, length + GUARD_BYTES).fill(GUARD);
    exports[call.name](from, to, ...call.args, scratch);
    const behind = heap.bytes(scratch + length, GUARD_BYTES);
    expect([...behind], "scratch: behind its end").toEqual(Array(GUARD_BYTES).fill(GUARD));
  }
}

function put(heap: Heap, { buffer, byteOffset, byteLength }: HostArray): number {
  const at = heap.take(byteLength);
  heap.bytes(at, byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
  return at;
}

function guarded(heap: Heap, shape: OutputShape): number {
  const at = heap.take(byteLength(shape) + GUARD_BYTES);
  heap.bytes(at, byteLength(shape) + GUARD_BYTES).fill(GUARD);
  return at;
}

const byteLength = ({ type, length, padding = 0 }: OutputShape) =>
  (length + padding) * VIEWS[type].BYTES_PER_ELEMENT;

// Tensors may share a buffer only if it makes no difference: random graphs are walked with their shared buffers.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assignSlots } from "./memory.ts";
import type { Graph, Step, Tensor } from "./step.ts";

const tensorOf = (byteLength: number): Tensor => ({
  rows: 1,
  columns: byteLength / 4,
  form: "f32",
  byteLength,
});

interface Access {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

/** Each step reads tensors made before it, or a weight, and makes one or two. */
const graphs = fc
  .array(
    fc.record({
      reads: fc.array(fc.nat(), { maxLength: 3 }),
      made: fc.array(fc.record({ byteLength: fc.integer({ min: 4, max: 4096 }), held: fc.boolean() }), {
        minLength: 1,
        maxLength: 2,
      }),
    }),
    { minLength: 1, maxLength: 20 },
  )
  .map((plans) => {
    const tensors = new Map([["input", tensorOf(64)]]);
    const held = new Set(["input"]);
    const accesses = plans.map(({ reads, made }, i): Access => {
      const known = [...tensors.keys(), "weight"];
      const read = i === 0 ? ["input"] : reads.map((n) => known[n % known.length]);
      const writes = made.map(({ byteLength, held: keep }, n) => {
        const name = `t${i}.${n}`;
        tensors.set(name, tensorOf(byteLength));
        if (keep && i % 3 === 0) held.add(name);
        return name;
      });
      return { reads: read, writes };
    });
    const steps = accesses.map(({ reads, writes }, i): Step => {
      const buffers = Object.fromEntries([...reads, ...writes].map((name, n) => [`b${n}`, name]));
      return { label: `step ${i}`, operation: "", kernels: [], problem: {}, buffers };
    });
    return { graph: { steps, tensors, held } satisfies Graph, accesses };
  });

/** Tracks the contents of each buffer step by step; throws if a step would read another tensor than its own. */
function walk({ graph, accesses }: { graph: Graph; accesses: readonly Access[] }): void {
  const slotOf = new Map<string, number>();
  assignSlots(graph).forEach(({ tensors, byteLength }, slot) => {
    for (const name of tensors) {
      if (slotOf.has(name)) throw new Error(`${name} has two buffers`);
      if (graph.tensors.get(name)!.byteLength > byteLength) throw new Error(`${name} does not fit`);
      slotOf.set(name, slot);
    }
  });
  const holds = new Map([[slotOf.get("input"), "input"]]);
  const expectIn = (name: string) => {
    if (graph.tensors.has(name) && holds.get(slotOf.get(name)) !== name) throw new Error(`${name} is gone`);
  };
  for (const { reads, writes } of accesses) {
    for (const name of writes) holds.set(slotOf.get(name), name);
    // Also after the writes: a workgroup that is done must not overwrite what another still reads.
    for (const name of [...reads, ...writes]) expectIn(name);
  }
  for (const name of graph.held) expectIn(name);
}

test("what a step reads is what was written, and what is held is there at the end", () => {
  fc.assert(
    fc.property(graphs, (made) => walk(made)),
    { numRuns: 500, seed: 1 },
  );
});

describe("a chain", () => {
  const names = ["input", "a", "b", "c", "d"];
  const chain: Graph = {
    steps: names.slice(1).map((name, i) => {
      return { label: name, operation: "", kernels: [], problem: {}, buffers: { x: names[i], out: name } };
    }),
    tensors: new Map(names.map((name, i) => [name, tensorOf(100 + i)])),
    held: new Set(["input", "d"]),
  };

  test("needs two buffers beside its input and its output", () => {
    expect(assignSlots(chain)).toEqual([
      { byteLength: 100, tensors: ["input"] },
      { byteLength: 103, tensors: ["a", "c"] },
      { byteLength: 102, tensors: ["b"] },
      { byteLength: 104, tensors: ["d"] },
    ]);
  });
});

import { expect, test } from "vitest";
import {
  dotShare,
  hotLoops,
  type Instruction,
  type Line,
  multiplyingLoops,
  noCounts,
  program,
} from "./listing.ts";

const line = (instruction: Partial<Instruction> & Pick<Instruction, "kind">): Line => ({
  instruction: { cycles: 1, ...instruction },
});
const [dot, vector, scalar] = (["dot", "vector", "scalar"] as const).map((kind) => line({ kind }));
const label = (name: string): Line => ({ label: name });
const backTo = (name: string): Line => ({ ...scalar, jump: name });

test("a jump back makes a loop, and a loop in a loop keeps its own", () => {
  const outer = [label("A"), vector, label("B"), dot, dot, backTo("B"), vector, backTo("A")];
  const whole = program([vector, ...outer, vector]);
  expect(whole.own.vector).toBe(2);
  expect(whole.inner).toHaveLength(1);
  expect(whole.inner[0].own).toMatchObject({ vector: 2, scalar: 1, dot: 0 });
  expect(whole.inner[0].inner[0].own).toMatchObject({ dot: 2, scalar: 1 });
});

test("a jump ahead is none, and of two jumps back the later one ends the loop", () => {
  const whole = program([backTo("B"), label("A"), dot, backTo("A"), label("B"), dot, backTo("A"), dot]);
  expect(whole.inner).toHaveLength(1);
  expect(whole.inner[0].own.dot).toBe(2);
  expect(whole.own).toMatchObject({ dot: 1, scalar: 1 });
});

test("loops that multiply come in their order; a few multiply-adds of floats are no product", () => {
  const floats = line({ kind: "fma", macs: 64 });
  const few = line({ kind: "fma", macs: 3 });
  const loops = [dot, few, floats].flatMap((each, i) => [label(`L${i}`), each, backTo(`L${i}`)]);
  expect(multiplyingLoops(program(loops)).map(({ own }) => own)).toMatchObject([{ dot: 1 }, { macs: 64 }]);
});

test("without products the hot loop is the innermost with the most vector instructions, or the program", () => {
  const loops = [label("A"), vector, backTo("A"), label("B"), vector, vector, backTo("B")];
  expect(hotLoops(program(loops))[0].own.vector).toBe(2);
  expect(hotLoops(program([vector]))[0].own.vector).toBe(1);
});

test("what takes no time is not counted", () => {
  const { own } = program([
    line({ kind: "wait", cycles: 0 }),
    line({ kind: "memory", local: 64, isSpill: true }),
  ]);
  expect(own).toEqual({ ...noCounts(), memory: 1, spill: 1, localBytes: 64 });
});

test("scalars count among the vector unit's instructions where it issues them", () => {
  const counts = { ...noCounts(), dot: 6, vector: 2, scalar: 4 };
  expect(dotShare(counts, true)).toBe(0.75);
  expect(dotShare(counts, false)).toBe(0.5);
});

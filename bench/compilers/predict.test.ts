import { describe, expect, test } from "vitest";
import type { Figures } from "./figures.ts";
import type { Card } from "./gpus.ts";
import { type Line, noCounts, program } from "./listing.ts";
import { predict } from "./predict.ts";
import { tripsOf } from "./trips.ts";

const dots = (count: number): Line[] =>
  Array.from({ length: count }, () => ({ instruction: { kind: "dot", cycles: 2 } }));
const loop = (name: string, ...lines: Line[]): Line[] => [{ label: name }, ...lines, { jump: name }];
const load = (bytes: number): Line => ({ instruction: { kind: "memory", cycles: 1, global: bytes } });

describe("loops turn as often as there is work for one turn", () => {
  test("a product over the dots of a turn", () => {
    const whole = program(loop("A", ...dots(16)));
    expect(tripsOf(whole, { products: [6400], bytes: 0 }, 64).get(whole.inner[0])).toBe(100);
  });

  test("two products, a loop for each", () => {
    const whole = program([...loop("A", ...dots(16)), ...loop("B", ...dots(4))]);
    const trips = tripsOf(whole, { products: [640, 320], bytes: 0 }, 64);
    expect(whole.inner.map((each) => trips.get(each))).toEqual([10, 20]);
  });

  test("around products a loop turns as often as is known, others in it once a turn", () => {
    const vector: Line = { instruction: { kind: "vector", cycles: 1 } };
    const whole = program(loop("T", ...loop("L", vector), ...loop("A", ...dots(16)), vector));
    const trips = tripsOf(whole, { products: [6400], turns: 5, bytes: 0 }, 64);
    const [tile] = whole.inner;
    expect([tile, ...tile.inner].map((each) => trips.get(each))).toEqual([5, 5, 100]);
  });

  test("without a product the bytes of a wave over those of a turn", () => {
    const whole = program(loop("A", load(1024)));
    expect(tripsOf(whole, { products: [], bytes: 160 }, 64).get(whole.inner[0])).toBe(10);
  });
});

const CARD: Card = {
  ...{ name: "made up", gpu: "none", cores: 10, simds: 2, ghz: 1, gbs: 100 },
  ...{ localBytes: 128, cacheBytes: 64 },
};
const figures = (lines: Line[], hasScalarUnit = true) =>
  ({ wave: 64, hasScalarUnit, code: program(lines) }) as Figures;
const work = { workgroups: 10, threads: 128, products: [6400], bytes: 0, stepBytes: 0 };

test("of more loops than products those that multiply most have them, an epilogue's few floats none", () => {
  const floats: Line = { instruction: { kind: "fma", cycles: 1, macs: 16 } };
  const whole = program([...loop("A", ...dots(16)), ...loop("B", floats)]);
  expect(tripsOf(whole, { products: [6400], bytes: 0 }, 64).get(whole.inner[0])).toBe(100);
});

describe("a step takes as long as the busiest part of the card", () => {
  const code = loop("A", ...dots(16));

  test("two waves on each of ten cores with two SIMDs: one wave each", () => {
    const { predictedUs, bound, fill } = predict(figures(code), work, CARD)!;
    // 100 turns of 16 dots of two cycles, at 1000 cycles a microsecond
    expect(predictedUs).toBeCloseTo(3.2);
    expect({ bound, fill }).toEqual({ bound: "vector", fill: 1 });
  });

  test("one workgroup more leaves nearly half of the card idle", () => {
    const { predictedUs, fill } = predict(figures(code), { ...work, workgroups: 11 }, CARD)!;
    expect(predictedUs).toBeCloseTo(6.4);
    expect(fill).toBeCloseTo(0.55);
  });

  test("its bytes are the floor", () => {
    const step = { ...work, stepBytes: 1e6 };
    expect(predict(figures(code), step, CARD)).toMatchObject({
      predictedUs: 10,
      floorUs: 10,
      bound: "memory",
    });
  });

  test("of products that nothing in the program computes nothing is predicted", () => {
    const vector: Line = { instruction: { kind: "vector", cycles: 1 } };
    expect(predict(figures(loop("A", vector)), work, CARD)).toBeUndefined();
  });

  test("scalars take the vector unit's turns where there is no unit for them", () => {
    const scalars: Line[] = [{ instruction: { kind: "scalar", cycles: 1 } }];
    const [apart, shared] = [true, false].map((has) =>
      predict(figures([...code, ...scalars], has), work, CARD),
    );
    expect(shared!.predictedUs).toBeGreaterThan(apart!.predictedUs);
  });
});

test("a program without loops runs once", () => {
  const whole = program(dots(3));
  expect(whole.own).toEqual({ ...noCounts(), dot: 3, vectorCycles: 6 });
  expect(tripsOf(whole, { products: [12], bytes: 0 }, 64).get(whole)).toBe(1);
});

import { expect, test } from "vitest";
import { Arguments } from "./command.ts";
import { compare } from "./compare.ts";
import { calibratedOf, variantsFrom } from "./compare-variants.ts";

const names = (...argv: string[]) =>
  variantsFrom(new Arguments(compare, argv)).map(
    ({ method, bits, nonlinear }) => `${method} ${bits}${nonlinear === "exact" ? "" : ` ${nonlinear}`}`,
  );

test("run-time scales only at the widths that they have, and PTF beside what differs from it in nothing else", () => {
  const all = names();
  expect(all.filter((name) => /^(?:dynamic|gptq) /.test(name))).toEqual([
    ...["dynamic w8a8", "gptq w8a8", "dynamic w4a8", "gptq w4a8"],
    ...["fast", "ibert", "ivit", "integers"].map((mode) => `dynamic w8a8 ${mode}`),
  ]);
  expect(all.filter((name) => name.includes("+"))).toEqual([
    "minmax+norm-inputs w8a8",
    "fqvit+norm-inputs w8a8",
  ]);
  expect(new Set(all).size).toBe(all.length);
});

test("only what is asked for, weights by group where they have 4 bits", () => {
  expect(
    names("--methods", "erq+group,dynamic+tensor", "--bits", "w8a8,w4a8", "--nonlinear", "exact"),
  ).toEqual([...["float32 w32a32", "dynamic+tensor w8a8", "erq+group w4a8", "dynamic+tensor w4a8"]]);
  expect(calibratedOf({ method: "dynamic+tensor", bits: "w8a8", nonlinear: "exact" })).toBeUndefined();
  expect(calibratedOf({ method: "erq+group", bits: "w4a8", nonlinear: "exact" })).toMatchObject({
    method: "erq",
    weights: "group",
  });
});

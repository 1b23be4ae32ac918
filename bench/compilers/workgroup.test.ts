import { expect, test } from "vitest";
import { allCases } from "../../src/bench/kernels.ts";
import { threadsOf } from "./workgroup.ts";

test.each([
  ["a number", "@workgroup_size(64)", {}, 64],
  ["a constant", "const THREADS: u32 = 64u;\n@workgroup_size(THREADS)", {}, 64],
  ["an override's default", "override ROWS: u32 = 8u;\n@workgroup_size(ROWS, 4)", {}, 32],
  ["an override that is given", "override ROWS: u32 = 8u;\n@workgroup_size(16, ROWS)", { ROWS: 10 }, 160],
  ["a product of one", "override ROWS: u32;\n@workgroup_size(16u * ROWS + 1u)", { ROWS: 2 }, 33],
  ["a constant made of another", "const A = 4u;\nconst B = A * 2u;\n@workgroup_size(B, A)", {}, 32],
])("%s", (_, wgsl, constants, threads) => {
  expect(threadsOf(wgsl, constants as Record<string, number>)).toBe(threads);
});

test("a tile's declared threads, which the first choice goes by, are those of its shader", () => {
  const tiles = allCases.flatMap(({ kernel, problems: [{ problem }] }) =>
    Object.entries(kernel.variants)
      .filter(([, { tile, shapedFor }]) => tile && shapedFor === "gpu")
      .map(([name, { wgsl, constants, threads }]) => ({
        name: `${kernel.name}/${name}`,
        declared: threads,
        inShader: threadsOf(wgsl, constants?.(problem) ?? {}),
      })),
  );
  expect(tiles.length).toBeGreaterThan(10);
  expect(tiles.filter(({ declared, inShader }) => declared !== inShader)).toEqual([]);
});

test("what is not declared is named", () => {
  expect(() => threadsOf("@workgroup_size(SIDE)", {})).toThrow("got SIDE");
});

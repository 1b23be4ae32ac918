// Every function of the CPU against the test cases of the kernel that it replaces.

import { describe, expect, test } from "vitest";
import { type AnyCases, type HostArray, type OutputShape, seeded, VIEWS } from "../testing/cases.ts";
import { compareOutputs } from "../testing/check-case.ts";
import { cpuKernels } from "./kernels.ts";

const suites = import.meta.glob<AnyCases | readonly AnyCases[]>("../kernels/*.cases.ts", {
  eager: true,
  import: "default",
});
/** The kernels of a GPU that compute the same thing. */
const TWINS: Readonly<Record<string, readonly string[]>> = {
  "linear groups f32": ["gemm_int8_direct_groups_add", "gemm_int8_direct_groups_store"],
  "linear row f32": ["gemm_int8_direct_row_store"],
  "linear row groups": ["gemm_int8_direct_row_quantize"],
  "linear f32 f32": ["gemm_float_add", "gemm_float_activate"],
  "attention groups groups": ["attention", "attention_options", "attention_apart"],
  "attention f32 f32": ["attention_float", "attention_float_options", "attention_float_apart"],
  "norm f32 f32": ["layernorm"],
  "norm f32 row": ["layernorm_quantize"],
  "head f32 f32": ["head"],
  "heads f32 f32": ["prepare_heads"],
  "heads f32 groups": ["prepare_heads_quantize"],
  "gather f32 f32": ["gather_rows"],
  "mean f32 f32": ["mean_rows"],
  "concat f32 f32": ["concat_columns"],
  "combine f32 f32": ["combine"],
  "activation f32 f32": ["activate"],
  "quantize f32 row": ["quantize_rows"],
  "quantize f32 groups": ["quantize_groups"],
  "dequantize groups f32": ["dequantize_groups"],
};
const all = Object.values(suites).flat();
const cases = [...cpuKernels].flatMap(([name, compute]) =>
  (TWINS[name] ?? []).map((twin) => ({ suite: all.find(({ kernel }) => kernel.name === twin)!, compute })),
);

const GUARD = 77;

test("every function has cases", () => {
  expect(Object.keys(TWINS).sort()).toEqual([...cpuKernels.keys()].sort());
});

for (const { suite, compute } of cases)
  describe(suite.kernel.name, () => {
    test.each(suite.problems)("$name", ({ problem }) => {
      const inputs = suite.inputs(problem as never, seeded(7)) as Record<string, HostArray>;
      const shapes = Object.entries(suite.outputs(problem as never));
      const guarded = new Map(shapes.map(([name, shape]) => [name, guardedArray(shape)]));
      const arrays = { ...inputs, ...Object.fromEntries(guarded) } as Record<
        string,
        Int8Array | Float32Array
      >;
      compute(problem as never, arrays as never);
      const outputs = shapes.map(([name, { length }]) => [name, guarded.get(name)!.subarray(0, length)]);
      const expected = suite.reference(problem as never, inputs);
      expect(compareOutputs(suite, Object.fromEntries(outputs), expected).fault).toBeUndefined();
      for (const [name, { length, padding = 0 }] of shapes)
        expect([...guarded.get(name)!.subarray(length + padding)], `${name}: behind its end`).toEqual([
          GUARD,
        ]);
    });
  });

/** With an element behind its end that must stay. */
function guardedArray({ type, length, padding = 0 }: OutputShape): HostArray {
  return new VIEWS[type](length + padding + 1).fill(GUARD, length + padding);
}

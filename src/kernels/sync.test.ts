// The linked WGSL of every variant agrees with its TypeScript: bindings, override constants, parameters.

import { describe, expect, test } from "vitest";
import type { WgslReflect } from "wgsl_reflect";
// @ts-expect-error the package's entry for Node is CommonJS named as a module; this file has no types beside it
import { WgslReflect as Reflection } from "wgsl_reflect/wgsl_reflect.module.js";
import type { AnyKernel } from "../gpu/kernel.ts";
import type { AnyCases } from "../testing/cases.ts";

const suites = import.meta.glob<AnyCases | readonly AnyCases[]>("./*.cases.ts", {
  eager: true,
  import: "default",
});
const units = import.meta.glob<Record<string, unknown>>(["./*.ts", "!./*.test.ts", "!./*.cases.ts"], {
  eager: true,
});
const tested = Object.values(suites).flat();

for (const { kernel, problems } of tested)
  describe(kernel.name, () => {
    test.each(Object.keys(kernel.variants))("%s", (variant) => {
      const { wgsl, constants } = kernel.variants[variant];
      const shader = reflect(wgsl);
      expect(bindingsOf(shader)).toEqual(
        Object.entries(kernel.bindings).map(([name, access], binding) => ({
          name,
          access,
          group: 0,
          binding,
        })),
      );
      // Nothing was missed by how declarations are found here.
      expect(wgsl.match(/@binding\(/g)?.length ?? 0).toBe(Object.keys(kernel.bindings).length);
      for (const { problem } of problems) expectConstants(wgsl, constants?.(problem as never) ?? {});
      expect(paramsOf(shader)).toBe(kernel.params?.(problems[0].problem as never).byteLength);
    });
  });

test("every kernel has cases", () => {
  const kernels = Object.values(units).flatMap((unit) => Object.values(unit).flatMap(kernelsOf));
  const without = kernels.filter((kernel) => !tested.some((cases) => cases.kernel === kernel));
  expect(without.map(({ name }) => name)).toEqual([]);
  expect(kernels.length).toBeGreaterThan(10);
});

/** Declarations of a module, one per match, except for matrices; lines inside of functions begin otherwise. */
const DECLARATIONS =
  /^(?:struct \w+\s*\{[^}]*\}|(?:@group|override|alias(?! \w+ = subgroup_matrix)|const)\b[^;]*;)/gm;

/** Of the declarations alone: wgsl_reflect does not parse all of today's statements. */
function reflect(wgsl: string): WgslReflect {
  return new Reflection(wgsl.match(DECLARATIONS)?.join("\n"));
}

interface Variable {
  readonly name: string;
  readonly group: number;
  readonly binding: number;
  readonly access: string;
}

/** In the order of their binding: a variant declares every binding of its kernel, so that all share one layout. */
function bindingsOf({ storage, uniforms, textures }: WgslReflect) {
  const named = (access: (variable: Variable) => string) => (variable: Variable) => {
    const { name, group, binding } = variable;
    return { name, access: access(variable), group, binding };
  };
  return [
    ...storage.map(named(({ access }) => (access === "read" ? "read" : "write"))),
    ...uniforms.map(named(() => "uniform")),
    ...textures.map(named(() => "texture")),
  ].sort((a, b) => a.binding - b.binding);
}

/** Every given constant is declared in the shader, and every declared one without a default is given. */
function expectConstants(wgsl: string, given: Readonly<Record<string, number>>): void {
  const overrides = [...wgsl.matchAll(/^override (\w+)[^;=]*(=?)/gm)];
  const declared = overrides.map(([, name]) => name);
  const needed = overrides.filter(([, , assigned]) => !assigned).map(([, name]) => name);
  const names = Object.keys(given);
  expect(
    names.filter((name) => !declared.includes(name)),
    "given but not declared",
  ).toEqual([]);
  expect(
    needed.filter((name) => !names.includes(name)),
    "declared without a default but not given",
  ).toEqual([]);
  expect(Object.values(given).every(Number.isFinite), JSON.stringify(given)).toBe(true);
}

/** Bytes of the uniform `params`. */
function paramsOf({ uniforms }: WgslReflect): number | undefined {
  return uniforms.find(({ name }) => name === "params")?.size;
}

/** What a unit exports: a kernel, or records of them by input form and epilogue. */
function kernelsOf(exported: unknown): AnyKernel[] {
  if (typeof exported !== "object" || exported === null) return [];
  if ("variants" in exported && "bindings" in exported) return [exported as AnyKernel];
  return Object.values(exported).flatMap(kernelsOf);
}

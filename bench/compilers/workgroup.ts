// How many threads a workgroup has: `@workgroup_size` of a shader with its constants put in.

/** @throws Error for a size that is made of more than products and sums of constants. */
export function threadsOf(wgsl: string, constants: Readonly<Record<string, number>>): number {
  const size = /@workgroup_size\(([^)]*)\)/.exec(wgsl)?.[1] ?? "1";
  const sides = size.split(",").filter((side) => side.trim() !== "");
  return sides.map((side) => sizeOf(side, wgsl, constants)).reduce((product, side) => product * side, 1);
}

function sizeOf(expression: string, wgsl: string, constants: Readonly<Record<string, number>>): number {
  return expression
    .split("+")
    .map((sum) => sum.split("*").map((name) => factorOf(name.trim(), wgsl, constants)))
    .reduce((sum, factors) => sum + factors.reduce((product, factor) => product * factor, 1), 0);
}

function factorOf(name: string, wgsl: string, constants: Readonly<Record<string, number>>): number {
  const number = /^(\d+)u?$/.exec(name)?.[1];
  if (number) return Number(number);
  if (name in constants) return constants[name];
  const declared = new RegExp(`\\b(?:const|override)\\s+${name}\\b[^=;]*=\\s*([^;]+);`).exec(wgsl)?.[1];
  if (!declared) throw new Error(`@workgroup_size: expected a number or a constant, got ${name}`);
  return sizeOf(declared, wgsl, constants);
}

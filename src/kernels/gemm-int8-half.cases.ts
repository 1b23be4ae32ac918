import { toHalf } from "../quant/half.ts";
import { toFloat32 } from "../tensor/dtype.ts";
import type { AnyCases, HostArray, Rng } from "../testing/cases.ts";
import { gemmCasesOf } from "./gemm.shared.ts";
import { gemmInt8Half } from "./gemm-int8-half.ts";

type Host = Record<string, HostArray>;

const add = gemmCasesOf("groups", "add", gemmInt8Half);

export default {
  ...add,
  // How K is walked is the same text as in f32, and is tried there.
  problems: add.problems.filter(({ name }) => /tile \+ 1|position|class/.test(name)),
  inputs: (problem: never, rng: Rng) => {
    const inputs = add.inputs(problem, rng) as Host;
    return { ...inputs, addend: toHalf(inputs.addend as Float32Array) };
  },
  outputs: (problem: never) => ({ out: { ...add.outputs(problem).out, type: "f16" } }),
  reference: (problem: never, host: Host) => {
    const { buffer } = host.addend;
    return add.reference(problem, {
      ...host,
      addend: toFloat32({ dtype: "F16" }, new Uint8Array(buffer as ArrayBuffer)),
    });
  },
  // That of f32, and a step of f16: either neighbor is a right rounding.
  tolerance: { out: { abs: 2e-4, rel: 2 ** -10 + 1e-5 } },
} as AnyCases;

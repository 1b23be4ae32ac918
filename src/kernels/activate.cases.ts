import { ACTIVATIONS, type Activation } from "../tensor/activation.ts";
import type { KernelCases } from "../testing/cases.ts";
import { type ActivateProblem, activate } from "./activate.ts";

export default {
  kernel: activate,
  problems: [
    { name: "one vector", problem: { rows: 1, columns: 4, activation: "tanh" } as const },
    ...(Object.keys(ACTIVATIONS) as Activation[]).map((activation) => ({
      name: activation,
      problem: { rows: 7, columns: 192, activation },
    })),
  ],
  // Some are far out, where exp would overflow.
  inputs: ({ rows, columns }, rng) => ({
    x: rng.f32(rows * columns, 6).map((v, i) => (i % 61 === 3 ? v * 100 : v)),
  }),
  outputs: ({ rows, columns }) => ({ out: { type: "f32", length: rows * columns } }),
  reference: ({ activation }, { x }) => ({ out: Float64Array.from(x, ACTIVATIONS[activation].of) }),
  // erf within 1.5e-7 times half of values below 6; tanh of drivers within 1e-5, as WGSL lets it be.
  tolerance: { out: { abs: 1e-5, rel: 2e-6 } },
} satisfies KernelCases<ActivateProblem>;

import { toHalf } from "../quant/half.ts";
import { toFloat32 } from "../tensor/dtype.ts";
import type { AnyCases, HostArray, Rng } from "../testing/cases.ts";
import cases from "./layernorm.cases.ts";
import { layernormHalf, layernormHalfQuantize } from "./layernorm-half.ts";

type Host = Record<string, HostArray>;

/** x is rounded before anybody sees it, so the bounds are those of f32. */
const halved = (suite: AnyCases): AnyCases => ({
  ...suite,
  inputs: (problem: never, rng: Rng) => {
    const inputs = suite.inputs(problem, rng) as Host;
    return { ...inputs, x: toHalf(inputs.x as Float32Array) };
  },
  reference: (problem: never, host: Host) => {
    const x = toFloat32({ dtype: "F16" }, new Uint8Array(host.x.buffer as ArrayBuffer));
    return suite.reference(problem, { ...host, x });
  },
});

export default [
  { ...halved(cases[0]), kernel: layernormHalf },
  { ...halved(cases[1]), kernel: layernormHalfQuantize },
] as AnyCases[];

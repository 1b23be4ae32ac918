import type { AnyCases, HostArray, Rng } from "../testing/cases.ts";
import { causal, type NamedProblem, problems, reference, rowsOf, zeroPadding } from "./attention.cases.ts";
import { widthOf } from "./attention.ts";
import { apartProblems, rowsOfPart } from "./attention-apart.cases.ts";
import { attentionFloat, attentionFloatApart, attentionFloatOptions } from "./attention-float.ts";
import { optionInputs, optionProblems } from "./attention-options.cases.ts";
import type { WideAttentionProblem } from "./attention-wide.ts";

type Inputs = (p: WideAttentionProblem, rng: Rng) => Record<string, HostArray>;

const cases = (kernel: AnyCases["kernel"], some: readonly NamedProblem[], inputs: Inputs) =>
  ({
    kernel,
    problems: some,
    inputs,
    outputs: (p: WideAttentionProblem) => ({
      out: { type: "f32", length: p.images * p.queries * widthOf(p) },
    }),
    reference: (p: WideAttentionProblem, host: Record<string, HostArray>) => ({ out: reference(p, host) }),
    // Sums of 197 terms below 2 in f32, and exp2 with 2^-21 relative a unit of score.
    tolerance: { out: { abs: 2e-5, rel: 2e-5 } },
  }) as unknown as AnyCases;

export const plainInputs: Inputs = (p, rng) => ({
  qkv: zeroPadding(p, rng.f32(rowsOf(p) * 3 * widthOf(p), 2)),
});

export default [
  cases(attentionFloat, [...problems, ...causal], plainInputs),
  cases(attentionFloatOptions, optionProblems, (p, rng) => ({
    ...plainInputs(p, rng),
    ...optionInputs(p, rng),
  })),
  cases(attentionFloatApart, apartProblems, (p, rng) => {
    const part = (name: string) => zeroPadding(p, rng.f32(rowsOfPart(p, name) * widthOf(p), 2));
    return { q: part("q"), k: part("k"), v: part("v") };
  }),
];

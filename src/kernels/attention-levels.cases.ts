import { nearest, type Quantizer } from "../quant/quantizer.ts";
import type { AnyCases, HostArray } from "../testing/cases.ts";
import { problems, reference } from "./attention.cases.ts";
import { widthOf } from "./attention.ts";
import { plainInputs } from "./attention-float.cases.ts";
import { type AttentionLevelsProblem, attentionLevels, scoresByteLength } from "./attention-levels.ts";
import { levels } from "./quantize-levels.ts";

type Problem = AttentionLevelsProblem & { readonly of?: Quantizer };

const small = problems.find(({ name }) => name === "tile + 1, two images")!;
const levelled = (name: string, of: Quantizer, second = 0) => ({
  name,
  problem: { ...small.problem, softmax: { ...levels(of), scale: of.scale as number, second }, of },
});

export default [
  {
    kernel: attentionLevels,
    problems: [
      ...problems,
      levelled("log sqrt 2", { kind: "log", bits: 4, scale: 0.9, step: 0.5, shift: 0 }),
      levelled(
        "twin",
        { kind: "twin", bits: 6, scale: 1 / 31, fine: 1 / 31 / 16, border: 1 / 16 },
        1 / 31 / 16,
      ),
    ],
    inputs: plainInputs,
    outputs: (p: Problem) => ({
      scores: { type: "f32", length: 0, padding: scoresByteLength(p) / 4 },
      out: { type: "f32", length: p.images * p.queries * widthOf(p) },
    }),
    reference: (p: Problem, host: Record<string, HostArray>) => {
      const { of } = p;
      return { scores: [], out: reference(p, host, of && ((weight) => nearest(of, weight))) };
    },
    // As attention_float: sums of 197 terms below 2, and exp2 with 2^-21 relative a unit of score.
    tolerance: { scores: { abs: 0, rel: 0 }, out: { abs: 2e-5, rel: 2e-5 } },
  },
] as unknown as AnyCases[];

import type { HostArray, Rng } from "../testing/cases.ts";
import { type NamedProblem, quantizedCases, scalesFrom, zeroPadding } from "./attention.cases.ts";
import { widthOf } from "./attention.ts";
import { attentionApart } from "./attention-apart.ts";
import type { WideAttentionProblem } from "./attention-wide.ts";
import { GROUP, paddedRows } from "./gemm.ts";

const one = { images: 1, heads: 2, headDim: 32 };

/** Of the kernels with three tensors. */
export const apartProblems: readonly NamedProblem[] = [
  { name: "as many queries", problem: { ...one, tokens: 65, queries: 65, queryRows: 65, headDim: 64 } },
  {
    name: "one learnt query",
    problem: { ...one, images: 3, tokens: 70, queries: 1, queryRows: 1, headDim: 72 },
  },
  { name: "first queries of many", problem: { ...one, images: 2, tokens: 5, queries: 2, queryRows: 9 } },
  { name: "more queries than keys", problem: { ...one, images: 2, tokens: 3, queries: 40, queryRows: 40 } },
  { name: "causal", problem: { ...one, tokens: 66, queries: 66, queryRows: 66, causal: true } },
];

export const rowsOfPart = (p: WideAttentionProblem, part: string) =>
  paddedRows(p.images * (part === "q" ? p.queryRows! : p.tokens));

function apartInputs(p: WideAttentionProblem, rng: Rng): Record<string, HostArray> {
  const parts = ["q", "k", "v"].map((name) => {
    const length = rowsOfPart(p, name) * widthOf(p);
    const scale = scalesFrom(rng, length / GROUP);
    return { [name]: zeroPadding(p, rng.i8(length)), [`${name}_scale`]: scale };
  });
  return Object.assign({}, ...parts);
}

export default quantizedCases(attentionApart, apartProblems, apartInputs);

// The step that prepares heads for attention.

import { type PrepareHeadsProblem, prepareHeads, prepareHeadsQuantize } from "../kernels/prepare-heads.ts";
import type { Heads } from "../network/op.ts";
import { step } from "../scheduler/step.ts";
import type { Steps } from "./lowering.ts";

/** @param form of the output @param x where f32 is read */
export function addHeads(op: Heads, steps: Steps, form: "f32" | "groups", x: string): void {
  const { name, out } = op;
  const problem = problemOf(op, steps.images);
  const tables = {
    gamma: `${name}.gamma`,
    beta: `${name}.beta`,
    cosine: `${name}.cosine`,
    sine: `${name}.sine`,
  };
  const buffers = { x, ...tables, out: steps.tensor(out, form) };
  steps.add(
    form === "f32"
      ? step(name, "heads", prepareHeads, problem, buffers)
      : step(name, "heads", prepareHeadsQuantize, problem, { ...buffers, out_scale: `${out.name}.scale` }),
  );
}

function problemOf({ out, sets }: Heads, images: number): PrepareHeadsProblem {
  const norm = sets.find((set) => set.norm)?.norm;
  const rotation = sets.find((set) => set.rotation)?.rotation;
  return {
    images,
    rows: out.rows,
    heads: out.parts / sets.length,
    headDim: out.width / out.parts,
    sets: sets.map((set) => ({ normed: !!set.norm, rotated: !!set.rotation })),
    norm: norm?.kind ?? "layer",
    eps: norm?.eps ?? 0,
    pairs: rotation?.pairs ?? "halves",
  };
}

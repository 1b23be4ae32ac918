// The stored results of a run: figures of every pipeline, and predicted times of every step on the named cards.

import type { Compiled, CompiledGpu } from "./compiled.ts";
import type { Figures } from "./figures.ts";
import { CARDS } from "./gpus.ts";
import { type Counts, hotLoops } from "./listing.ts";
import { type ModelPrediction, predictions } from "./models.ts";
import type { Use } from "./pipelines.ts";

export interface PipelineReport extends Omit<Figures, "code"> {
  readonly gpu: string;
  readonly kernel: string;
  readonly variant: string;
  readonly constants: Readonly<Record<string, number>>;
  readonly threads: number;
  /** The steps that it is chosen for, and the others that it can compute, with the workgroups of each. */
  readonly chosenFor: readonly string[];
  readonly candidateFor: readonly string[];
  readonly workgroups: readonly number[];
  readonly compileMs: number;
  /** Instructions of the loops that it spends its time in, in the order of its code. */
  readonly loops: readonly Counts[];
}

export interface Report {
  readonly date: string;
  readonly mesa: string | undefined;
  readonly pipelines: readonly PipelineReport[];
  /** Predicted, not measured. */
  readonly predicted: readonly ModelPrediction[];
  readonly failures: readonly string[];
}

export function reportOf(gpus: readonly CompiledGpu[], date: string, mesa: string | undefined): Report {
  return {
    date,
    mesa,
    pipelines: gpus.flatMap(({ gpu, pipelines }) =>
      pipelines.flatMap((pipeline) =>
        pipeline.figures ? [pipelineReport(gpu, pipeline, pipeline.figures)] : [],
      ),
    ),
    predicted: gpus.flatMap((gpu) =>
      CARDS.filter((card) => card.gpu === gpu.gpu).flatMap((card) => predictions(card, gpu.pipelines)),
    ),
    failures: gpus.flatMap(({ gpu, pipelines }) =>
      pipelines.flatMap(({ kernel, variant, error }) =>
        error ? [`${gpu} ${kernel}/${variant}: ${error}`] : [],
      ),
    ),
  };
}

function pipelineReport(gpu: string, compiled: Compiled, { code, ...figures }: Figures): PipelineReport {
  const { kernel, variant, constants, uses, compileMs } = compiled;
  const namesOf = (some: readonly Use[]) => [
    ...new Set(some.map(({ program, model, batch, step }) => `${program} ${model} ${batch} ${step}`)),
  ];
  return {
    gpu,
    kernel,
    variant,
    constants,
    threads: uses[0].dispatch.threads,
    chosenFor: namesOf(uses.filter(({ chosen }) => chosen)),
    candidateFor: namesOf(uses.filter(({ chosen }) => !chosen)),
    workgroups: [...new Set(uses.map(({ dispatch }) => dispatch.workgroups))].sort((a, b) => a - b),
    compileMs,
    ...figures,
    loops: hotLoops(code).map(({ own }) => own),
  };
}

// What is kept of a run: figures of every pipeline, and predicted times of every step on the named cards.

import type { Compiled, CompiledGpu } from "./compiled.ts";
import type { Figures } from "./figures.ts";
import { CARDS, type Card } from "./gpus.ts";
import { type Counts, hotLoops } from "./listing.ts";
import type { Use } from "./pipelines.ts";
import { type Prediction, predict } from "./predict.ts";

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

export interface StepPrediction extends Prediction {
  readonly step: string;
  readonly times: number;
  readonly kernel: string;
  readonly variant: string;
  readonly workgroups: number;
  readonly waves: number;
  readonly chosen: boolean;
}

/** Everything in microseconds, predicted from counts and never measured. */
export interface ModelPrediction {
  readonly card: string;
  readonly program: string;
  readonly model: string;
  readonly batch: number;
  readonly predictedUs: number;
  readonly floorUs: number;
  /** Every variant of every step. */
  readonly steps: readonly StepPrediction[];
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

function predictions(card: Card, pipelines: readonly Compiled[]): ModelPrediction[] {
  const models = new Map<
    string,
    Pick<ModelPrediction, "program" | "model" | "batch"> & { steps: StepPrediction[] }
  >();
  for (const { kernel, variant, uses, figures } of pipelines)
    for (const { program, model, batch, step, times, dispatch, chosen } of figures ? uses : []) {
      const key = [program, model, batch].join(" ");
      const entry = models.get(key) ?? { program, model, batch, steps: [] };
      models.set(key, entry);
      const { workgroups, threads } = dispatch;
      const waves = workgroups * Math.ceil(threads / figures!.wave);
      const prediction = predict(figures!, dispatch, card);
      entry.steps.push({ step, times, kernel, variant, workgroups, waves, chosen, ...prediction });
    }
  return [...models.values()].map(({ steps, ...model }) => {
    const sum = (value: (step: StepPrediction) => number) =>
      steps.filter(({ chosen }) => chosen).reduce((total, step) => total + step.times * value(step), 0);
    return {
      card: card.name,
      ...model,
      predictedUs: sum(({ predictedUs }) => predictedUs),
      floorUs: sum(({ floorUs }) => floorUs),
      steps,
    };
  });
}

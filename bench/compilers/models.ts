// Predicted times of whole models on a card: the sum of their steps, each by the variant that an adapter takes at first.

import type { Compiled } from "./compiled.ts";
import type { Card } from "./gpus.ts";
import type { Use } from "./pipelines.ts";
import { type Prediction, predict } from "./predict.ts";

export interface StepPrediction extends Prediction {
  readonly step: string;
  /** In so many blocks. */
  readonly times: number;
  readonly kernel: string;
  readonly variant: string;
  readonly workgroups: number;
  readonly waves: number;
  readonly chosen: boolean;
}

/** Everything in microseconds, predicted from counts and never measured. */
export interface ModelPrediction extends Pick<Use, "program" | "model" | "batch"> {
  readonly card: string;
  /** Absent where a chosen variant of a step has no prediction. */
  readonly predictedUs?: number;
  readonly floorUs?: number;
  /** Every variant of every step that has one. */
  readonly steps: readonly StepPrediction[];
}

export function predictions(card: Card, pipelines: readonly Compiled[]): ModelPrediction[] {
  const uses = pipelines.flatMap((pipeline) => pipeline.uses.map((use) => ({ pipeline, use })));
  const keyOf = ({ program, model, batch }: Use) => [program, model, batch].join(" ");
  return [...new Set(uses.map(({ use }) => keyOf(use)))].map((key) => {
    const own = uses.filter(({ use }) => keyOf(use) === key);
    const { program, model, batch } = own[0].use;
    const steps = own.map(({ pipeline, use }) => ({ use, prediction: stepOn(card, pipeline, use) }));
    const chosen = steps.filter(({ use }) => use.chosen).map(({ prediction }) => prediction);
    return {
      card: card.name,
      ...{ program, model, batch },
      ...(chosen.every((step) => step !== undefined) ? sumOf(chosen) : {}),
      steps: steps.flatMap(({ prediction }) => prediction ?? []),
    };
  });
}

/** Without the kernels' test cases, whose sum is the time of nothing. */
export function ofModels(predicted: readonly ModelPrediction[]): ModelPrediction[] {
  return predicted.filter(({ program }) => program !== "cases");
}

function stepOn(card: Card, { kernel, variant, figures }: Compiled, use: Use): StepPrediction | undefined {
  const { step, times, chosen, dispatch } = use;
  const prediction = figures && predict(figures, dispatch, card);
  if (!prediction) return undefined;
  const { workgroups, threads } = dispatch;
  const waves = workgroups * Math.ceil(threads / figures.wave);
  return { step, times, kernel, variant, workgroups, waves, chosen, ...prediction };
}

function sumOf(steps: readonly StepPrediction[]): { predictedUs: number; floorUs: number } {
  const sum = (name: "predictedUs" | "floorUs") =>
    steps.reduce((total, step) => total + step.times * step[name], 0);
  return { predictedUs: sum("predictedUs"), floorUs: sum("floorUs") };
}

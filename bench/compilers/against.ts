// Two reports side by side: what changed from an earlier one to this one.

import { type ModelPrediction, ofModels, type StepPrediction } from "./models.ts";
import type { PipelineReport, Report } from "./report.ts";
import { table } from "./text-table.ts";

export function compared(before: Report, after: Report, withSteps: boolean): string {
  const models = ofModels(after.predicted);
  const days = `${before.date.slice(0, 10)} against ${after.date.slice(0, 10)}`;
  return [
    `Spills in chosen pipelines, ${days}\n${spillsOf(before, after)}`,
    ...(models.length > 0
      ? [`PREDICTED ms of a batch, from counts, not measured, ${days}\n${modelsOf(before, models)}`]
      : []),
    ...(withSteps ? after.predicted.map((model) => stepsOf(before, model)) : []),
  ].join("\n\n");
}

function spillsOf(before: Report, after: Report): string {
  const gpus = [...new Set(after.pipelines.map(({ gpu }) => gpu))];
  const cells = ({ pipelines }: Report, name: string) => {
    const own = pipelines.filter(({ gpu, chosenFor }) => gpu === name && chosenFor.length > 0);
    const worst = own.reduce<PipelineReport | undefined>(
      (a, b) => (a && a.fills >= b.fills ? a : b),
      undefined,
    );
    const clean = own.filter(({ spills, fills, scratchBytes }) => spills + fills + scratchBytes === 0);
    return [`${own.length - clean.length} of ${own.length}`, worst ? `${worst.spills}:${worst.fills}` : "-"];
  };
  const rows = gpus.map((gpu) => [gpu, ...cells(before, gpu), ...cells(after, gpu)]);
  return table(["GPU", "before", "worst", "after", "worst"], rows);
}

function modelsOf(before: Report, models: readonly ModelPrediction[]): string {
  const rows = models.map((model) => {
    const other = before.predicted.find((each) => sameModel(each, model));
    const { card, program, batch } = model;
    const name = [card, program, `DeiT-${model.model}`, String(batch)];
    return [...name, ...ratioCells(other?.predictedUs, model.predictedUs), ms(model.floorUs)];
  });
  return table(["card", "program", "model", "batch", "before", "after", "ratio", "floor"], rows);
}

function stepsOf(before: Report, model: ModelPrediction): string {
  const other = before.predicted.find((each) => sameModel(each, model));
  const rows = model.steps
    .filter(({ chosen }) => chosen)
    .map((step) => {
      const was = other?.steps.find(
        (each) => each.chosen && each.step === step.step && each.times === step.times,
      );
      return [
        step.step,
        String(step.times),
        nameOf(was),
        nameOf(step),
        ...ratioCells(was?.predictedUs, step.predictedUs),
      ];
    });
  const title = `${model.card}, ${model.program}, DeiT-${model.model}, batch ${model.batch}: PREDICTED ms of a step`;
  return `${title}\n${table(["step", "x", "before", "after", "before", "after", "ratio"], rows)}`;
}

const sameModel = (a: ModelPrediction, b: ModelPrediction) =>
  a.card === b.card && a.program === b.program && a.model === b.model && a.batch === b.batch;
const nameOf = (step: StepPrediction | undefined) =>
  step ? `${step.kernel.replace("gemm_int8_", "")}/${step.variant}` : "-";
const ms = (us: number | undefined) => (us === undefined ? "-" : (us / 1000).toPrecision(3));

function ratioCells(before: number | undefined, after: number | undefined): string[] {
  return [ms(before), ms(after), before && after ? (before / after).toFixed(2) : "-"];
}

// A report as text of at most 120 columns.

import { type Counts, dotShare } from "./listing.ts";
import { type ModelPrediction, ofModels, type StepPrediction } from "./models.ts";
import type { PipelineReport, Report } from "./report.ts";
import { table } from "./text-table.ts";

export function printed(report: Report, withSteps: boolean): string {
  const models = ofModels(report.predicted);
  const gpus = [...new Set(report.pipelines.map(({ gpu }) => gpu))];
  return [
    ...gpus.map((gpu) =>
      figuresOf(
        gpu,
        report.pipelines.filter((each) => each.gpu === gpu),
      ),
    ),
    ...(withSteps ? report.predicted.map(stepsOf) : []),
    ...(models.length > 0 ? [modelsOf(models)] : []),
    ...report.failures,
  ].join("\n\n");
}

/** Pipelines that differ only in their constants, and have the same figures except for the estimate, are one row. */
function figuresOf(gpu: string, pipelines: readonly PipelineReport[]): string {
  const rows = new Map<string, PipelineReport[]>();
  for (const pipeline of pipelines) {
    const key = JSON.stringify([nameCell(pipeline), figureCells(pipeline), pipeline.loops]);
    rows.set(key, [...(rows.get(key) ?? []), pipeline]);
  }
  const lines = [...rows.values()].flatMap(linesOf);
  return `${gpu}: registers and spills; instructions of the loops that multiply, or of the longest (* used before any is measured)
${table(HEADS, lines)}`;
}

const HEADS = "kernel n groups wave regs sp:fill scratch occ lds cycles dot fma vec scal mem dot%".split(" ");

/** A line for each loop. */
function linesOf(same: readonly PipelineReport[]): string[][] {
  const [first] = same;
  const workgroups = rangeOf(same.flatMap(({ workgroups }) => workgroups));
  const cycles = rangeOf(same.map(({ cycles }) => cycles));
  const whole = [nameCell(first), String(same.length), workgroups, ...figureCells(first), cycles];
  return first.loops.map((loop, i) => [
    ...(i === 0 ? whole : whole.map(() => "")),
    ...loopCells(loop, first.hasScalarUnit),
  ]);
}

const nameCell = ({ kernel, variant, chosenFor }: PipelineReport) =>
  `${chosenFor.length > 0 ? "*" : " "}${kernel.replace("gemm_int8_", "")}/${variant}`;

function figureCells(pipeline: PipelineReport): string[] {
  const { wave, registers, spills, fills, scratchBytes, occupancy, localBytes } = pipeline;
  return [wave, registers ?? "", `${spills}:${fills}`, scratchBytes, occupancy ?? "", localBytes].map(String);
}

function loopCells(loop: Counts, hasScalarUnit: boolean): string[] {
  const { dot, matrix, fma, vector, scalar, memory } = loop;
  const share = dot + matrix > 0 ? (100 * dotShare(loop, hasScalarUnit)).toFixed(0) : "";
  return [matrix > 0 ? `m${matrix}` : dot, fma, vector, scalar, memory, share].map(String);
}

function rangeOf(numbers: readonly number[]): string {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return least === most ? String(least) : `${least}-${most}`;
}

function modelsOf(predicted: readonly ModelPrediction[]): string {
  const rows = predicted.map(({ card, program, model, batch, predictedUs, floorUs }) => [
    card,
    program,
    `DeiT-${model}`,
    String(batch),
    ms(predictedUs),
    ms(floorUs),
  ]);
  const title =
    "PREDICTED ms of a batch, from counts, not measured; floor: its bytes at the memory's bandwidth";
  return `${title}\n${table(["card", "program", "model", "batch", "predicted", "floor"], rows)}`;
}

/** Each step by its chosen variant, and the one that is predicted to take the least. */
function stepsOf({ card, program, model, batch, steps }: ModelPrediction): string {
  const rows = steps.filter(({ chosen }) => chosen).map((step) => stepCells(step, steps));
  const heads = ["step", "x", "chosen", "groups", "waves", "fill%", "us", "floor", "bound", "least", "us"];
  return `${card}, ${program}, DeiT-${model}, batch ${batch}: PREDICTED us of a step\n${table(heads, rows)}`;
}

function stepCells(step: StepPrediction, steps: readonly StepPrediction[]): string[] {
  const same = steps.filter((other) => other.step === step.step && other.times === step.times);
  const least = same.reduce((a, b) => (b.predictedUs < a.predictedUs ? b : a));
  const us = (value: number) => value.toFixed(value < 10 ? 1 : 0);
  return [
    step.step,
    String(step.times),
    nameOf(step),
    String(step.workgroups),
    String(step.waves),
    (100 * step.fill).toFixed(0),
    us(step.predictedUs),
    us(step.floorUs),
    step.bound,
    least === step ? "" : nameOf(least),
    least === step ? "" : us(least.predictedUs),
  ];
}

const nameOf = ({ kernel, variant }: StepPrediction) =>
  `${kernel.replace("gemm_int8_", "").replace("attention", "att").replace("layernorm", "norm")}/${variant}`;
const ms = (us: number | undefined) => (us === undefined ? "-" : (us / 1000).toFixed(us < 10_000 ? 3 : 1));

// The results of `vit8 inspect --error` as Markdown tables with bars.

import { figure, markdownTable } from "../bench/markdown.ts";
import type { ChannelPeaks } from "./activation-errors.ts";
import type { ErrorReport } from "./error-report.ts";
import type { LayerCost } from "./layer-costs.ts";

const WORST = 20;
const BAR = 24;

export function errorTables(report: ErrorReport): string {
  const { model, images, arithmetic, layers, keep, tensors, stream, normInputs } = report;
  const worst = tensors
    .slice(0, WORST)
    .map(({ name, ownDb, arrivingDb }) => [
      name,
      decibels(ownDb),
      arrivingDb === undefined ? "" : decibels(arrivingDb),
    ]);
  const channels = normInputs.map((norm) => [norm.name, ...outliersOf(norm)]);
  const parts = [
    `${model}, ${images} images, ${arithmetic} against float32. Signal-to-quantization-noise ratio in dB; 6 dB are one bit.`,
    `The worst of ${tensors.length} tensors. Own: only this tensor rounded to int8. Arriving: with all errors before it.`,
    markdownTable(["tensor", "own", "arriving"], worst),
    ...(layers ? layerTable(layers) : []),
    ...(keep
      ? [`To keep the worst of them more precise: vit8 quantize FLOAT_MODEL -o DIR --keep ${keep}`]
      : []),
    "The f32 residual stream and what reads it:",
    markdownTable(
      ["tensor", "arriving"],
      stream.map(({ name, arrivingDb }) => [name, decibels(arrivingDb)]),
    ),
    "Outlier channels in the inputs of LayerNorm: the largest magnitude of a channel over that of the median channel.",
    markdownTable(["LayerNorm", "median", "largest", "in channel", "times", ""], channels),
  ];
  return `${parts.join("\n\n")}\n`;
}

function layerTable(layers: readonly LayerCost[]): string[] {
  const rows = layers.slice(0, WORST).map(({ layer, answerDb }) => [layer, decibels(answerDb)]);
  return [
    `What each layer costs, the worst of ${layers.length}: the logits where only the weights of this layer are quantized.`,
    markdownTable(["layer", "logits"], rows),
  ];
}

function outliersOf({ peaks }: ChannelPeaks): string[] {
  const median = medianOf(peaks);
  const largest = Math.max(...peaks);
  const times = largest / median;
  const bar = "#".repeat(Math.min(BAR, Math.round(4 * Math.log2(times)))).padEnd(BAR);
  return [figure(median), figure(largest), String(peaks.indexOf(largest)), figure(times), bar];
}

export function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

const decibels = (value: number) => (value === Number.POSITIVE_INFINITY ? "exact" : value.toFixed(1));

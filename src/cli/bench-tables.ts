// What `vit8 bench` measured, for people: Markdown tables.

import type { KernelRow } from "../bench/kernels.ts";
import type { ModelRow } from "../bench/models.ts";
import type { Spread } from "../bench/statistics.ts";
import type { BenchReport } from "./bench.ts";
import { figure, markdownTable } from "./markdown.ts";

export function benchTables({ adapter, date, cpu, peaks, kernels, models }: BenchReport): string {
  const dot = peaks.dotGops ? `int8 dot ${figure(peaks.dotGops)} GOP/s, ` : "no int8 dot, ";
  const parts = [
    `${adapter.description || `${adapter.vendor} ${adapter.architecture}`}; ${cpu}; ${date.slice(0, 10)}`,
    `Measured ceilings: ${dot}f32 ${figure(peaks.floatGops)} GOP/s, copy ${figure(peaks.copyGBs)} GB/s.`,
  ];
  if (kernels.length > 0) parts.push(kernelTable(kernels));
  if (models.length > 0) parts.push(modelTable(models));
  for (const row of models) if (row.kernels) parts.push(shareTable(row));
  return `${parts.join("\n\n")}\n`;
}

function kernelTable(rows: readonly KernelRow[]): string {
  return markdownTable(
    [
      "kernel",
      "variant",
      "step",
      "max error",
      "compile ms",
      "ms",
      "p10-p90",
      "n",
      "GOP/s",
      "GB/s",
      "% of peak",
    ],
    rows.map(({ kernel, variant, step, proof, compileMs, ms, gops, gbs, ofPeak, error }) =>
      ms && proof
        ? [
            kernel,
            variant,
            step,
            proof.exact ? "exact" : proof.worstError.toExponential(1),
            figure(compileMs),
            figure(ms.median),
            rangeOf(ms),
            String(ms.n),
            gops ? figure(gops) : "",
            figure(gbs),
            percent(ofPeak),
          ]
        : [kernel, variant, step, error ?? ""],
    ),
  );
}

function modelTable(rows: readonly ModelRow[]): string {
  return markdownTable(
    [
      "model",
      "pixels",
      "batch",
      "ms",
      "p10-p90",
      "n",
      "images/s",
      "GOP/s",
      "% of int8 peak",
      "upload ms",
      "encode ms",
      "GPU MB",
    ],
    rows.map(
      ({
        model,
        imageSize,
        batch,
        ms,
        imagesPerSecond,
        gops,
        ofPeak,
        uploadMs,
        encodeMs,
        gpuBytes,
        error,
      }) =>
        ms && uploadMs && encodeMs
          ? [
              model,
              String(imageSize),
              String(batch),
              figure(ms.median),
              rangeOf(ms),
              String(ms.n),
              figure(imagesPerSecond),
              figure(gops),
              percent(ofPeak),
              figure(uploadMs.median),
              figure(encodeMs.median),
              figure((gpuBytes ?? 0) / 1e6),
            ]
          : [model, String(imageSize), String(batch), error ?? ""],
    ),
  );
}

function shareTable({ model, imageSize, batch, kernels = [] }: ModelRow): string {
  const sum = kernels.reduce((all, { ms }) => all + ms, 0);
  const rows = kernels.map(({ kernel, variant, steps, ms }) => [
    kernel,
    variant,
    String(steps),
    figure(ms),
    percent(ms / sum),
  ]);
  const head = `${model}, ${imageSize} pixels, batch ${batch}: GPU milliseconds of a run by kernel, each step by itself`;
  return `${head}\n\n${markdownTable(["kernel", "variant", "steps", "ms", "share"], rows)}`;
}

const rangeOf = ({ p10, p90 }: Spread) => `${figure(p10)}-${figure(p90)}`;
const percent = (share: number | undefined) => (share === undefined ? "" : `${(share * 100).toFixed(0)} %`);

// The results of `vit8 eval`, as fields and in words.

import { basename } from "node:path";
import { markdownTable } from "../bench/markdown.ts";
import { differenceOf, type Estimate, shareOf } from "../bench/proportion.ts";
import { type Accuracy, type Agreement, agreementOf, placeOf } from "../bench/score.ts";
import type { Report } from "../classifier/api.ts";
import { percent } from "../classifier/percent.ts";
import { inLine } from "../errors/visible.ts";
import type { Arithmetic } from "../lower/arithmetic.ts";
import { table } from "./command.ts";
import type { QuantizationFacts } from "./quantization-words.ts";

/** The output of `--json`; agreement and the fields derived from it are null without a reference. */
export interface Evaluation extends Accuracy, Arithmetic, Record<keyof Agreement, number | null> {
  readonly model: string;
  /** The quantization of the folder's weights and activations; null for a float folder. */
  readonly quantization: QuantizationFacts | null;
  /** The number of images that could be read. */
  readonly images: number;
  /** Error messages of the other images. */
  readonly failed: readonly string[];
  /** `top1` and `top5` with their 95% intervals. */
  readonly estimates: Shares;
  readonly reference: Reference | null;
  readonly msPerImage: number;
  readonly dispatches: number;
  readonly gpuBytes: number;
  readonly adapter: Report["adapter"];
  readonly kernels: Report["kernels"];
}

type Shares = Record<keyof Accuracy, Estimate>;

/** How right the logits are that the model is compared with, on the same images. */
interface Reference {
  /** `float32`, the model of `--reference`, or the file of `--logits`. */
  readonly source: string;
  readonly estimates: Shares;
  /** The model's share minus the reference's. */
  readonly difference: Shares;
}

/** An image that was evaluated. */
export interface EvaluatedRow {
  readonly file: string;
  /** The class that it shows. */
  readonly index: number;
  readonly logits: Float32Array;
  /** The reference's. */
  readonly other?: Float32Array;
}

const PLACES = { top1: 1, top5: 5 } as const;

/** Accuracy, and with a reference how close to it, of at least one image. */
export function scoresOf(
  rows: readonly EvaluatedRow[],
  source: string | undefined,
): Pick<Evaluation, keyof Accuracy | keyof Agreement | "estimates" | "reference"> {
  const hits = (places: number) => rows.map(({ logits, index }) => placeOf(logits, index) < places);
  const otherHits = (places: number) => rows.map(({ other, index }) => placeOf(other!, index) < places);
  const estimates = each((places) => shareOf(hits(places)));
  const accuracy = { top1: estimates.top1.value, top5: estimates.top5.value, estimates };
  if (source === undefined)
    return { ...accuracy, agreement: null, cosine: null, worstLogitError: null, reference: null };
  return {
    ...accuracy,
    ...agreementOf(
      rows.map(({ logits }) => logits),
      rows.map(({ other }) => other!),
    ),
    reference: {
      source,
      estimates: each((places) => shareOf(otherHits(places))),
      difference: each((places) => differenceOf(hits(places), otherHits(places))),
    },
  };
}

function each(of: (places: number) => Estimate): Shares {
  return { top1: of(PLACES.top1), top5: of(PLACES.top5) };
}

/** With `quantization`, also the arithmetic of its float layers. */
export function nameOf({
  precision,
  nonlinear,
  integerOnly,
  quantization,
}: Partial<Arithmetic & Pick<Evaluation, "quantization">>): string {
  const used = quantization?.float.length ? `${precision} and float32` : precision;
  return [used, ...(nonlinear ? [nonlinear] : []), ...(integerOnly ? ["integers only"] : [])].join(", ");
}

export function summaryOf(evaluation: Evaluation): string {
  const { agreement, cosine, worstLogitError, adapter, failed } = evaluation;
  const facts = [
    ["model", inLine(`${evaluation.model}, ${nameOf(evaluation)}`)],
    ...(evaluation.quantization ? [["quantization", bitsInWords(evaluation.quantization)]] : []),
    [
      "images",
      `${evaluation.images}${failed.length > 0 ? `, and ${failed.length} that could not be read` : ""}`,
    ],
  ];
  const rows = [
    ["agreement", agreement === null ? "no reference: pass --reference or --logits" : percent(agreement)],
    ["cosine", cosine?.toFixed(5) ?? "-"],
    ["worst logit error", worstLogitError?.toFixed(4) ?? "-"],
    ["ms per image", evaluation.msPerImage.toFixed(1)],
    ["dispatches", String(evaluation.dispatches)],
    ["memory", `${(evaluation.gpuBytes / 1e6).toFixed(2)} MB`],
    ["adapter", adapter.description || `${adapter.vendor} ${adapter.architecture}`],
  ];
  return `${table(facts)}\n\n${accuracyTable(evaluation)}\n\n${table(rows)}\n`;
}

function accuracyTable({ precision, estimates, reference }: Evaluation): string {
  const head = [
    "% (95% interval)",
    precision,
    ...(reference ? [basename(reference.source), "difference"] : []),
  ];
  const rows = (["top1", "top5"] as const).map((name) => [
    name === "top1" ? "top-1" : "top-5",
    interval(estimates[name]),
    ...(reference ? [interval(reference.estimates[name]), interval(reference.difference[name], signed)] : []),
  ]);
  return markdownTable(head, rows);
}

const points = (share: number) => (share * 100).toFixed(1);
const signed = (share: number) => `${share < 0 ? "" : "+"}${points(share)}`;

function interval({ value, low, high }: Estimate, write = points): string {
  return `${write(value)} (${write(low)} to ${write(high)})`;
}

function bitsInWords({ bits, activations, method, float, int8 }: QuantizationFacts): string {
  const kept = [...float.map((layer) => `${layer} float`), ...int8.map((layer) => `${layer} int8`)];
  return inLine([bits, activations, ...(method ? [method] : []), ...kept].join(", "));
}

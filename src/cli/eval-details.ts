// The output of `vit8 eval -o FILE`: an entry for each image, the confusions of classes, and the worst classes.

import { firstClass, placeOf } from "../bench/score.ts";
import type { EvaluatedRow, Evaluation } from "./evaluation.ts";

export interface EvaluationDetails extends Evaluation {
  readonly rows: readonly ImageDetails[];
  /** The cells of the confusion matrix that are not 0, including the correct ones: by class, then by count. */
  readonly confusion: readonly ConfusionCell[];
  /** Classes by accuracy, worst first; of equal ones the class with more images first. Only those with an error. */
  readonly worstClasses: readonly ClassDetails[];
}

interface Named {
  readonly index: number;
  readonly label: string;
}

interface ImageDetails extends Named {
  readonly file: string;
  readonly predicted: Named;
  /** Rank of the correct class in the model's order, 1 for the most probable. */
  readonly rank: number;
  /** The logit of the right class. */
  readonly logit: number;
  readonly reference?: { readonly predicted: Named; readonly rank: number };
}

interface ConfusionCell extends Named {
  readonly predicted: Named;
  readonly images: number;
}

interface ClassDetails extends Named {
  readonly images: number;
  readonly top1: number;
}

export function detailsOf(
  evaluation: Evaluation,
  rows: readonly EvaluatedRow[],
  labels: readonly string[],
): EvaluationDetails {
  const named = (index: number): Named => ({ index, label: labels[index] });
  const confusion = confusionOf(rows);
  const images = rows.map(({ file, index, logits, other }) => ({
    file,
    ...named(index),
    predicted: named(firstClass(logits)),
    rank: placeOf(logits, index) + 1,
    logit: logits[index],
    ...(other && { reference: { predicted: named(firstClass(other)), rank: placeOf(other, index) + 1 } }),
  }));
  return {
    ...evaluation,
    rows: images,
    confusion: confusion.flatMap(([index, row]) =>
      row.map(([predicted, images]) => ({ ...named(index), predicted: named(predicted), images })),
    ),
    worstClasses: worstOf(confusion).map(({ index, ...others }) => ({ ...named(index), ...others })),
  };
}

/** For each class that is shown: which classes are predicted, and how often. */
type Confusion = readonly (readonly [index: number, row: readonly (readonly [number, number])[]])[];

function confusionOf(rows: readonly EvaluatedRow[]): Confusion {
  const counts = new Map<number, Map<number, number>>();
  for (const { index, logits } of rows) {
    const row = counts.get(index) ?? new Map<number, number>();
    counts.set(index, row);
    const predicted = firstClass(logits);
    row.set(predicted, (row.get(predicted) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([index, row]) => [index, [...row].sort(([a, x], [b, y]) => y - x || a - b)]);
}

function worstOf(confusion: Confusion) {
  return confusion
    .map(([index, row]) => {
      const images = row.reduce((sum, [, count]) => sum + count, 0);
      const right = row.find(([predicted]) => predicted === index)?.[1] ?? 0;
      return { index, images, top1: right / images };
    })
    .filter(({ top1 }) => top1 < 1)
    .sort((a, b) => a.top1 - b.top1 || b.images - a.images || a.index - b.index);
}

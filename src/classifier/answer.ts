// From logits to labels.

import type { Scoring } from "../format/labels.ts";

/** A prediction. */
export interface Classification {
  readonly label: string;
  /**
   * Probability, 0 to 1: the softmax of the logits. For multi-label models (`problem_type: "multi_label_classification"`, or one class), the
   * sigmoid of the logit.
   */
  readonly score: number;
  /** Class index. */
  readonly index: number;
}

/** The `topK` most probable classes, most probable first; equal logits in the order of their classes. */
export function topClasses(
  logits: Float32Array,
  labels: readonly string[],
  topK: number,
  scoring: Scoring = "softmax",
): Classification[] {
  const score = scoring === "sigmoid" ? sigmoid : softmaxOf(logits);
  const order = Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b);
  return order.slice(0, topK).map((index) => ({ label: labels[index], score: score(logits[index]), index }));
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

function softmaxOf(logits: Float32Array): (logit: number) => number {
  let greatest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) if (logit > greatest) greatest = logit;
  let mass = 0;
  for (const logit of logits) mass += Math.exp(logit - greatest);
  return (logit) => Math.exp(logit - greatest) / mass;
}

// From logits to labels.

export interface Classification {
  readonly label: string;
  /** Softmax probability, 0 to 1. */
  readonly score: number;
  /** Class index. */
  readonly index: number;
}

/** The `topK` most probable classes, most probable first; equal logits in the order of their classes. */
export function topClasses(logits: Float32Array, labels: readonly string[], topK: number): Classification[] {
  let greatest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) if (logit > greatest) greatest = logit;
  let mass = 0;
  for (const logit of logits) mass += Math.exp(logit - greatest);
  const order = Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b);
  return order.slice(0, topK).map((index) => ({
    label: labels[index],
    score: Math.exp(logits[index] - greatest) / mass,
    index,
  }));
}

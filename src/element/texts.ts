import { percent } from "../classifier/percent.ts";
import { withoutLabel } from "../classifier/shown-label.ts";

/** The messages of the element. Assign others to translate them. */
export const texts = {
  loading: "Loading the model",
  waiting: "Waiting",
  classifying: "Classifying",
  /** Screen readers announce it when a prediction is ready. */
  answer: (label: string, percent: string) => `${label}, ${percent}`,
  /** A score, from 0 to 1. */
  percent: (score: number) => percent(score),
  /** In place of a label that is blank. */
  noLabel: (index: number) => withoutLabel(index),
  nothing: "No label reaches the threshold",
};

/** The messages of the element. Assign other strings to translate them. */
export const texts = {
  loading: "Loading the model",
  waiting: "Waiting",
  classifying: "Classifying",
  /** Screen readers announce it when a prediction is ready. */
  answer: (label: string, percent: string) => `${label}, ${percent}`,
  nothing: "No label reaches the threshold",
};

/** The words that the element itself says; assign others for another language. */
export const texts = {
  loading: "Loading the model",
  waiting: "Waiting",
  classifying: "Classifying",
  /** Said by screen readers when an answer comes. */
  answer: (label: string, percent: string) => `${label}, ${percent}`,
  nothing: "No answer is likely enough",
};

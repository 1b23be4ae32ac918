/** Titles of the tests behind docs/compatibility.md, which test/docs/compatibility.test.ts collects from the sources. */

export const AREAS = [
  "Configuration",
  "Preprocessing",
  "Labels and heads",
  "Tensors",
  "Model addresses",
  "Servers",
  "Images",
  "WebGPU",
  "Pages and bundlers",
  "Node",
  "Command line",
] as const;

/**
 * The title of a test for a row of docs/compatibility.md. All three arguments are plain strings in double quotes.
 * @param what the input that vit8 accepts, and the result
 * @param checkedAgainst the library or program with the expected value, and its version: `transformers 5.18.0`
 */
export function accepted(area: (typeof AREAS)[number], what: string, checkedAgainst: string): string {
  return `${area}: ${what} (${checkedAgainst})`;
}

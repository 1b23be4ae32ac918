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
 * The title of a test that a row of docs/compatibility.md stands for. All three arguments are plain strings in double quotes.
 * @param what what vit8 accepts, and what it makes of it
 * @param checkedAgainst the library or program that has the right value, with its version: `transformers 5.18.0`
 */
export function accepted(area: (typeof AREAS)[number], what: string, checkedAgainst: string): string {
  return `${area}: ${what} (${checkedAgainst})`;
}

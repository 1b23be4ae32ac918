// The one form of a class on the pages, in the element and on the command line.

export const withoutLabel = (index: number) => `class ${index} (no label)`;

/** The label of a class; for a blank one, which class it is. */
export function shownLabel(
  { label, index }: { readonly label: string; readonly index: number },
  without = withoutLabel,
): string {
  return label.trim() === "" ? without(index) : label;
}

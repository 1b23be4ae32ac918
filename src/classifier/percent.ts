// The one form of a percentage, on the pages, in the element and on the command line.

/**
 * With one decimal and no space: 83.8%. A share that would round to 0 or 1 without being it is <0.1% or >99.9%. Empty without a share.
 */
export function percent(share: number | undefined): string {
  if (share === undefined) return "";
  if (share > 0 && share < 0.0005) return "<0.1%";
  if (share >= 0.9995 && share < 1) return ">99.9%";
  return `${(100 * share).toFixed(1)}%`;
}

// A table for a terminal.

/** First column to the left, the others to the right. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heads, ...rows];
  const widths = heads.map((_, i) => Math.max(...all.map((row) => row[i].length)));
  return all
    .map((row) =>
      row
        .map((cell, i) => (isText(rows, i) ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
        .join(" ")
        .trimEnd(),
    )
    .join("\n");
}

const isText = (rows: readonly (readonly string[])[], column: number) =>
  column === 0 || rows.some((row) => /^[a-z]{2}/i.test(row[column]));

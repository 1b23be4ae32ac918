// Figures for people: Markdown tables, and numbers of three digits.

/** Names to the left, figures to the right. Rows may be shorter than the head: what is missing stays empty. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, i) =>
    Math.max(...[name, ...rows.map((cells) => cells[i] ?? "")].map(({ length }) => length), 3),
  );
  const line = (cells: readonly string[]) => {
    const padded = widths.map((width, i) =>
      i === 0 ? (cells[i] ?? "").padEnd(width) : (cells[i] ?? "").padStart(width),
    );
    return `| ${padded.join(" | ")} |`;
  };
  const rule = widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

/** Three digits that count. */
export function figure(value = 0): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toPrecision(3).replace(/e.*/, "");
}

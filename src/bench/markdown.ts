// Figures for people: Markdown tables, and numbers of three digits.

import { inLine } from "../errors/visible.ts";

/** Names to the left, figures to the right. A row may be shorter than the head: its last cell is a remark, which widens no column. */
export function markdownTable(head: readonly string[], given: readonly (readonly string[])[]): string {
  const rows = given.map((cells) => cells.map((cell) => inLine(cell).replaceAll("|", "\\|")));
  const isRemark = (cells: readonly string[], i: number) =>
    cells.length < head.length && i === cells.length - 1;
  const widths = head.map((name, i) =>
    Math.max(
      ...[name, ...rows.map((cells) => (isRemark(cells, i) ? "" : (cells[i] ?? "")))].map(
        ({ length }) => length,
      ),
      3,
    ),
  );
  const line = (cells: readonly string[]) => {
    const padded = widths.map((width, i) =>
      i >= cells.length ? "" : i === 0 ? cells[i].padEnd(width) : cells[i].padStart(width),
    );
    return `| ${padded.join(" | ")} |`;
  };
  const rule = widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

/** Three digits that count. */
export function figure(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return "";
  if (value === 0) return "0";
  if (Math.abs(value) >= 100) return value.toFixed(0);
  if (Math.abs(value) >= 10) return value.toFixed(1);
  return Math.abs(value) < 1e-3 ? value.toExponential(1) : value.toPrecision(3);
}

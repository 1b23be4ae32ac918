// Rows of a measurement as tables for people and for programs: the same columns on a terminal and on a page.

import { figure, markdownTable } from "./markdown.ts";

export type Cell = string | number | undefined;

export interface Column<R> {
  readonly head: string;
  /** The value for programs. */
  readonly value: (row: R) => Cell;
  /** The text for people; default: three digits of a number, a text unchanged. */
  readonly show?: (row: R) => string;
  /** Identifies the row, so it is also shown without figures. */
  readonly names?: boolean;
}

/** A row without figures, with the reason. */
export interface Failed {
  readonly error?: string;
}

/** A cell for people. */
export function shown<R>({ value, show }: Column<R>, row: R): string {
  if (show) return show(row);
  const cell = value(row);
  return typeof cell === "number" ? figure(cell) : (cell ?? "");
}

export function markdownRows<R extends Failed>(columns: readonly Column<R>[], rows: readonly R[]): string {
  const names = columns.filter((column) => column.names);
  const cells = rows.map((row) =>
    row.error === undefined
      ? columns.map((column) => shown(column, row))
      : [...names.map((column) => shown(column, row)), row.error.replace(/[|\n]/g, " ")],
  );
  return markdownTable(
    columns.map(({ head }) => head),
    cells,
  );
}

/** RFC 4180, with a last column for errors. */
export function csvTable<R extends Failed>(columns: readonly Column<R>[], rows: readonly R[]): string {
  const cells = (row: R) => [...columns.map(({ value }) => value(row)), row.error];
  const lines = [[...columns.map(({ head }) => head), "error"], ...rows.map(cells)];
  return lines.map((line) => `${line.map(quoted).join(",")}\r\n`).join("");
}

function quoted(cell: Cell): string {
  const text = String(cell ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// Rows as an HTML table: numbers to the right, a failed row in its color with the reason in place of figures.

import { type Column, shown } from "../../src/bench/table.ts";
import type { Row } from "./bench-page.ts";
import { element } from "./elements.ts";
import { shaderButton } from "./shader.ts";

/** Scrolls sideways by itself where it is too wide, with keys too. */
export function tableElement(
  caption: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): HTMLElement {
  const heads = columns.map(({ head }) => {
    const cell = element("th", { textContent: head });
    cell.scope = "col";
    return cell;
  });
  const table = element("table", {}, [
    element("caption", { textContent: caption }),
    element("thead", {}, [element("tr", {}, heads)]),
    element(
      "tbody",
      {},
      rows.map((row) => rowElement(columns, row)),
    ),
  ]);
  const scroller = element("div", { className: "scroller", tabIndex: 0 }, [table]);
  scroller.role = "region";
  scroller.ariaLabel = caption;
  return scroller;
}

export function rowElement(columns: readonly Column<Row>[], row: Row): HTMLTableRowElement {
  if (row.error === undefined)
    return element(
      "tr",
      {},
      columns.map((column) => cellElement(column, row)),
    );
  const names = columns.filter(({ names }) => names);
  const reason = element("td", { textContent: row.error, colSpan: columns.length - names.length });
  return element("tr", { className: "failed" }, [...names.map((column) => cellElement(column, row)), reason]);
}

function cellElement(column: Column<Row>, row: Row): HTMLTableCellElement {
  const button =
    column.head === "variant" && "kernel" in row
      ? shaderButton(String(row.kernel), shown(column, row))
      : undefined;
  if (button) return element("td", {}, [button]);
  const number = typeof column.value(row) === "number";
  return element("td", { className: number ? "number" : "", textContent: shown(column, row) });
}

// A plot with its title, its legend, and its numbers as a table. Redrawn when its width changes.

import { plot } from "@observablehq/plot";
import type { Column } from "../../../src/bench/table.ts";
import type { PlotPage, PlotRecord, Row, Run } from "../bench-page.ts";
import { element } from "../elements.ts";
import { tableElement } from "../table-element.ts";

const LEAST_WIDTH = 280;

/** Undefined where there is nothing to draw. */
export function figureOf(page: PlotPage<Row>, run: Run): HTMLElement | undefined {
  const records = page.records(run.rows, run);
  if (records.length === 0) return undefined;
  const drawing = element("div", { className: "drawing" });
  const redraw = () => {
    const width = Math.max(LEAST_WIDTH, Math.floor(drawing.clientWidth));
    const options = page.draw(records, width, run);
    const svg = plot({ ...options, className: "plot", ariaLabel: page.title });
    // A strict policy blocks style elements; style.css has the same rules.
    for (const style of svg.querySelectorAll("style")) style.remove();
    // The drawing is one image with one name; its parts have none.
    for (const part of svg.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label");
    svg.setAttribute("role", "img");
    drawing.replaceChildren(legendOf(options.color, records), svg);
  };
  let drawnAt = 0;
  new ResizeObserver(() => {
    if (drawing.clientWidth === drawnAt || drawing.clientWidth === 0) return;
    drawnAt = drawing.clientWidth;
    redraw();
  }).observe(drawing);
  const numbers = element("details", {}, [
    element("summary", { textContent: "These numbers as a table" }),
    tableElement(page.title, columnsOf(records), records as readonly Row[]),
  ]);
  return element("figure", {}, [element("h2", { textContent: page.title }), drawing, numbers]);
}

function columnsOf(records: readonly PlotRecord[]): Column<Row>[] {
  return Object.keys(records[0]).map((head) => ({ head, value: (row) => (row as PlotRecord)[head] }));
}

/** The colors that some record has, in words. */
function legendOf(
  color: { domain?: Iterable<unknown>; range?: unknown } | undefined,
  records: readonly PlotRecord[],
) {
  const list = element("ul", { className: "legend" });
  const { domain = [], range } = color ?? {};
  if (!Array.isArray(range)) return list;
  const cells = new Set(records.flatMap((record) => Object.values(record)));
  for (const [i, name] of [...domain].entries()) {
    if (typeof name !== "string" || !cells.has(name)) continue;
    const swatch = element("span", { className: "swatch" });
    swatch.style.background = range[i % range.length];
    list.append(element("li", {}, [swatch, name]));
  }
  return list;
}

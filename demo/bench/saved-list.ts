// The runs of this page that are kept, to show again and to compare.

import type { Column } from "../../src/bench/table.ts";
import type { BenchPage, Row, Run } from "./bench-page.ts";
import { COMPARISON_COLUMNS, compare } from "./comparison.ts";
import { byId, element } from "./elements.ts";
import { adapterWords, settingsWords } from "./facts.ts";
import { forgetRun, type SavedRun, savedRuns } from "./saved.ts";
import { tableElement } from "./table-element.ts";

/** Lists them, latest first; `onShow` is called with the one that the user selects. */
export async function listSaved(page: BenchPage, onShow: (run: Run) => void): Promise<SavedRun[]> {
  const runs = await savedRuns(page.id);
  const items = runs.map((saved) => itemOf(page, saved, onShow));
  byId("saved", HTMLElement).replaceChildren(...items);
  byId("comparison", HTMLFormElement).onsubmit = (event) => {
    event.preventDefault();
    const ids = chosen();
    const [second, first] = runs.filter(({ id }) => ids.includes(id));
    showComparison(page, first.run, second.run);
  };
  allowComparison();
  return runs;
}

function itemOf(page: BenchPage, { id, run }: SavedRun, onShow: (run: Run) => void): HTMLElement {
  const box = element("input", { type: "checkbox", value: String(id) });
  box.addEventListener("change", allowComparison);
  const words = ` ${timeOf(run)}, ${adapterWords(run)}: ${settingsWords(run.settings)}; ${run.rows.length} rows`;
  const show = element("button", { type: "button", className: "quiet", textContent: "Show" });
  show.addEventListener("click", () => onShow(run));
  const forget = element("button", { type: "button", className: "quiet", textContent: "Forget" });
  forget.addEventListener("click", async () => {
    await forgetRun(id);
    await listSaved(page, onShow);
  });
  return element("li", {}, [element("label", {}, [box, words]), show, forget]);
}

function chosen(): number[] {
  const boxes = document.querySelectorAll<HTMLInputElement>("#saved input:checked");
  return Array.from(boxes, ({ value }) => Number(value));
}

function allowComparison(): void {
  byId("compare", HTMLButtonElement).disabled = chosen().length !== 2;
}

/** The older one is the first. */
function showComparison(page: BenchPage, first: Run, second: Run): void {
  const rows = compare(page, first, second);
  const caption = `${rows.length} rows of both: the run of ${timeOf(second)} over that of ${timeOf(first)}`;
  const table = tableElement(caption, COMPARISON_COLUMNS as readonly Column<Row>[], rows);
  byId("compared", HTMLElement).replaceChildren(table);
}

const timeOf = ({ date }: Run) => date.slice(0, 19).replace("T", " ");

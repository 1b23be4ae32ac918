// The page of measurements: settings from the address, a run, its tables and plots, links and files of it, and runs compared.

import type { Column } from "../../src/bench/table.ts";
import type { Row, Run } from "./bench-page.ts";
import { COMPARISON_COLUMNS, compare } from "./comparison.ts";
import { byId, element } from "./elements.ts";
import { csvOf, download, fileName, jsonOf, markdownOf } from "./export.ts";
import { adapterWords, factsOf, settingsWords } from "./facts.ts";
import { readForm, showForm } from "./form.ts";
import { PAGES } from "./pages.ts";
import { fragmentOf, runOfFragment } from "./permalink.ts";
import { figureOf } from "./plots/figure.ts";
import { runPage } from "./run.ts";
import { forgetRun, type SavedRun, savedRuns, saveRun } from "./saved.ts";
import { queryOf, settingsOf } from "./settings.ts";
import { rowElement, tableElement } from "./table-element.ts";

const query = new URLSearchParams(location.search);
const page = PAGES.find(({ id }) => id === query.get("page")) ?? PAGES[0];
const { settings, complaints } = settingsOf(query, page.presets);
let shown: Run | undefined;
let abort: AbortController | undefined;

showPages();
showForm(page, settings);
byId("complaints", HTMLElement).replaceChildren(
  ...complaints.map((textContent) => element("li", { textContent })),
);
byId("settings", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  void runNow();
});
onClick("cancel", () => abort?.abort());
onClick("save-json", () => shown && download(fileName(shown, "json"), "application/json", jsonOf(shown)));
onClick("save-csv", () => shown && download(fileName(shown, "csv"), "text/csv", csvOf(page, shown)));
onClick("copy-markdown", async () => shown && copy(markdownOf(page, shown), "Copied as Markdown."));
onClick("copy-link", copyLink);
byId("comparison", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  void compareChosen();
});
void restore();

function onClick(id: string, work: () => unknown): void {
  byId(id, HTMLButtonElement).addEventListener("click", () => {
    Promise.resolve(work()).catch(showError);
  });
}

function showPages(): void {
  const links = PAGES.map(({ id, title }) => {
    const link = element("a", { href: `?page=${id}`, textContent: title });
    if (id === page.id) link.ariaCurrent = "page";
    return element("li", {}, [link]);
  });
  byId("pages", HTMLElement).replaceChildren(...links);
  byId("title", HTMLElement).textContent = page.title;
  byId("lead", HTMLElement).textContent = page.lead;
  document.title = `vit8: ${page.title.toLowerCase()}`;
}

/** What a link holds, or else the last run of this page. */
async function restore(): Promise<void> {
  try {
    const linked = await runOfFragment(location.hash);
    const runs = await showSaved();
    if (linked && linked.page !== page.id) location.search = `?page=${linked.page}`;
    else if (linked) await keepLinked(linked, runs);
    else if (runs[0] && !abort) show(runs[0].run, "The last run on this page.");
  } catch (error) {
    showError(error);
  }
}

/** Kept like one of this browser's own, so that the two can be compared. */
async function keepLinked(linked: Run, runs: readonly SavedRun[]): Promise<void> {
  show(linked, "A result that came with the link; it is among the saved runs.");
  if (runs.some(({ run }) => run.date === linked.date)) return;
  await saveRun(linked);
  await showSaved();
}

async function runNow(): Promise<void> {
  if (abort) return;
  abort = new AbortController();
  setRunning(true);
  showError(undefined);
  const asked = readForm(page, settings);
  showForm(page, asked.settings);
  byId("complaints", HTMLElement).replaceChildren(
    ...asked.complaints.map((textContent) => element("li", { textContent })),
  );
  history.replaceState(null, "", `?${queryOf(page.id, asked.settings, page.parameters)}`);
  try {
    const run = await runPage(
      page,
      asked.settings,
      { onProgress: showProgress, onWords: tell },
      abort.signal,
    );
    show(run, `${run.cancelled ? "Cancelled" : "Done"} after ${run.elapsedS.toFixed(1)} s.`);
    if (run.rows.length > 0) await saveRun(run);
    await showSaved();
  } catch (error) {
    showError(error);
    tell("Nothing came of it.");
  } finally {
    abort = undefined;
    setRunning(false);
  }
}

function setRunning(running: boolean): void {
  byId("run", HTMLButtonElement).disabled = running;
  byId("cancel", HTMLButtonElement).disabled = !running;
  byId("result", HTMLElement).ariaBusy = String(running);
}

function showProgress(run: Run, done: number, total: number): void {
  const bar = byId("progress", HTMLProgressElement);
  if (total > 0) Object.assign(bar, { max: total, value: done });
  else bar.removeAttribute("value");
  if (done === 0) {
    show({ ...run, rows: [] }, undefined);
    return;
  }
  tell(`${done} of ${total} measured`);
  const body = document.querySelector("#rows tbody");
  body?.append(rowElement(page.columns, run.rows[run.rows.length - 1]));
}

function show(run: Run, words: string | undefined): void {
  shown = run;
  if (words) tell(words);
  const facts = factsOf(run).flatMap(([name, text]) => [
    element("dt", { textContent: name }),
    element("dd", { textContent: text }),
  ]);
  byId("facts", HTMLElement).replaceChildren(...facts);
  const figures = page.plots.map((plot) => figureOf(plot, run)).filter((figure) => figure !== undefined);
  byId("plots", HTMLElement).replaceChildren(...figures);
  byId("rows", HTMLElement).replaceChildren(tableElement(`${page.title}, every row`, page.columns, run.rows));
  byId("result", HTMLElement).hidden = false;
  if (words) Object.assign(byId("progress", HTMLProgressElement), { max: 1, value: 1 });
}

async function copyLink(): Promise<void> {
  if (!shown) return;
  const address = new URL(`?${queryOf(page.id, shown.settings, page.parameters)}`, location.href);
  address.hash = await fragmentOf(shown);
  history.replaceState(null, "", address);
  await copy(address.href, `Copied a link of ${address.href.length} characters; it holds the whole result.`);
}

async function copy(text: string, words: string): Promise<void> {
  await navigator.clipboard.writeText(text);
  byId("told", HTMLElement).textContent = words;
}

async function showSaved(): Promise<SavedRun[]> {
  const runs = await savedRuns(page.id);
  byId("saved", HTMLElement).replaceChildren(...runs.map(savedElement));
  allowComparison();
  return runs;
}

function savedElement({ id, run }: SavedRun): HTMLElement {
  const box = element("input", { type: "checkbox", value: String(id) });
  box.addEventListener("change", allowComparison);
  const words = ` ${run.date.slice(0, 19).replace("T", " ")}, ${adapterWords(run)}: ${settingsWords(run.settings)}; ${run.rows.length} rows`;
  const see = element("button", { type: "button", className: "quiet", textContent: "Show" });
  see.addEventListener("click", () => show(run, "A saved run."));
  const forget = element("button", { type: "button", className: "quiet", textContent: "Forget" });
  forget.addEventListener("click", () => void forgetRun(id).then(showSaved));
  return element("li", {}, [element("label", {}, [box, words]), see, forget]);
}

function chosen(): number[] {
  const boxes = document.querySelectorAll<HTMLInputElement>("#saved input:checked");
  return Array.from(boxes, ({ value }) => Number(value));
}

function allowComparison(): void {
  byId("compare", HTMLButtonElement).disabled = chosen().length !== 2;
}

/** The older one is the first. */
async function compareChosen(): Promise<void> {
  const ids = chosen();
  const [second, first] = (await savedRuns(page.id)).filter(({ id }) => ids.includes(id));
  const rows = compare(page, first.run, second.run);
  const caption = `${rows.length} rows of both: the run of ${second.run.date.slice(0, 19)} over that of ${first.run.date.slice(0, 19)}`;
  byId("compared", HTMLElement).replaceChildren(
    tableElement(caption, COMPARISON_COLUMNS as readonly Column<Row>[], rows),
  );
}

function tell(text: string): void {
  byId("status", HTMLElement).textContent = text;
}

function showError(error: unknown): void {
  const place = byId("error", HTMLElement);
  place.hidden = error === undefined;
  place.textContent = error instanceof Error ? error.message : String(error ?? "");
}

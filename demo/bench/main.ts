// The bench page: settings from the URL, a run, and its saved results.

import type { Run } from "./bench-page.ts";
import { byId, element, onClick, showError, tell } from "./elements.ts";
import { readForm, showForm } from "./form.ts";
import { PAGES } from "./pages.ts";
import { runOfFragment } from "./permalink.ts";
import { Result } from "./result.ts";
import { runPage } from "./run.ts";
import { type SavedRun, saveRun } from "./saved.ts";
import { listSaved } from "./saved-list.ts";
import { queryOf, settingsOf } from "./settings.ts";

const query = new URLSearchParams(location.search);
const page = PAGES.find(({ id }) => id === query.get("page")) ?? PAGES[0];
const { settings, complaints } = settingsOf(query, page.presets);
const result = new Result(page);
let abort: AbortController | undefined;

showPages();
showForm(page, settings);
showComplaints(complaints);
byId("settings", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  void runNow();
});
onClick("cancel", () => abort?.abort());
void restore();

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

function showComplaints(complaints: readonly string[]): void {
  const items = complaints.map((textContent) => element("li", { textContent }));
  byId("complaints", HTMLElement).replaceChildren(...items);
}

/** Restores the run in a link, or otherwise the last run of this page. */
async function restore(): Promise<void> {
  try {
    const linked = await runOfFragment(location.hash);
    if (linked && linked.page !== page.id) return openPage(linked.page);
    const runs = await showSaved();
    if (linked) await keepLinked(linked, runs);
    else if (runs[0] && !abort) showDone(runs[0].run, "The last run on this page.");
  } catch (error) {
    showError(error);
  }
}

function openPage(id: string): void {
  if (!PAGES.some((page) => page.id === id))
    throw new TypeError(`Link: expected the result of a page on this site, got "${id}".`);
  location.search = `?page=${id}`;
}

/** Kept like one of this browser's own, so that the two can be compared. */
async function keepLinked(linked: Run, runs: readonly SavedRun[]): Promise<void> {
  showDone(linked, "The result in the link. It is now in the saved runs.");
  if (runs.some(({ run }) => run.date === linked.date)) return;
  await saveRun(linked);
  await showSaved();
}

function showSaved(): Promise<SavedRun[]> {
  return listSaved(page, (run) => showDone(run, "A saved run."));
}

async function runNow(): Promise<void> {
  if (abort) return;
  abort = new AbortController();
  setRunning(true);
  showError(undefined);
  const asked = readForm(page, settings);
  showForm(page, asked.settings);
  showComplaints(asked.complaints);
  history.replaceState(null, "", `?${queryOf(page.id, asked.settings, page.parameters)}`);
  try {
    const run = await runPage(page, asked, { onProgress, onWords: tell }, abort.signal);
    showDone(run, `${run.cancelled ? "Canceled" : "Done"} after ${run.elapsedS.toFixed(1)} s.`);
    if (run.rows.length > 0) await saveRun(run);
    await showSaved();
  } catch (error) {
    showError(error);
    tell("Failed.");
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

function onProgress(run: Run, done: number, total: number): void {
  const bar = byId("progress", HTMLProgressElement);
  if (done === 0) {
    bar.removeAttribute("value");
    result.show(run);
    return;
  }
  Object.assign(bar, { max: total, value: done });
  tell(`${done} of ${total} measured`);
  result.append(run.rows[run.rows.length - 1]);
}

function showDone(run: Run, words: string): void {
  tell(words);
  result.show(run);
  Object.assign(byId("progress", HTMLProgressElement), { max: 1, value: 1 });
}

// A run on the page: where it was made, its plots and its rows, and the ways to take it elsewhere.

import type { BenchPage, Row, Run } from "./bench-page.ts";
import { byId, element, onClick } from "./elements.ts";
import { csvOf, download, fileName, jsonOf, markdownOf } from "./export.ts";
import { factsOf } from "./facts.ts";
import { fragmentOf } from "./permalink.ts";
import { figureOf } from "./plots/figure.ts";
import { queryOf } from "./settings.ts";
import { rowElement, tableElement } from "./table-element.ts";

export class Result {
  readonly #page: BenchPage;
  #run: Run | undefined;

  constructor(page: BenchPage) {
    this.#page = page;
    const take = (id: string, work: (run: Run) => unknown) =>
      onClick(id, async () => {
        if (this.#run) await work(this.#run);
      });
    take("save-json", (run) => download(fileName(run, "json"), "application/json", jsonOf(run)));
    take("save-csv", (run) => download(fileName(run, "csv"), "text/csv", csvOf(page, run)));
    take("copy-markdown", (run) => copy(markdownOf(page, run), "Copied as Markdown."));
    take("copy-link", (run) => this.#copyLink(run));
  }

  show(run: Run): void {
    this.#run = run;
    const facts = factsOf(run).flatMap(([name, text]) => [
      element("dt", { textContent: name }),
      element("dd", { textContent: text }),
    ]);
    const { title, columns, plots } = this.#page;
    const figures = plots.map((plot) => figureOf(plot, run)).filter((figure) => figure !== undefined);
    byId("facts", HTMLElement).replaceChildren(...facts);
    byId("plots", HTMLElement).replaceChildren(...figures);
    byId("rows", HTMLElement).replaceChildren(tableElement(`${title}, every row`, columns, run.rows));
    byId("result", HTMLElement).hidden = false;
  }

  /** One more row of the run that is shown. */
  append(row: Row): void {
    document.querySelector("#rows tbody")?.append(rowElement(this.#page.columns, row));
  }

  /** The address of the page becomes the link too. */
  async #copyLink(run: Run): Promise<void> {
    const { id, parameters } = this.#page;
    const address = new URL(`?${queryOf(id, run.settings, parameters)}`, location.href);
    address.hash = await fragmentOf(run);
    history.replaceState(null, "", address);
    const words = `Copied a link of ${address.href.length} characters with the whole result.`;
    await copy(address.href, words);
  }
}

async function copy(text: string, words: string): Promise<void> {
  await navigator.clipboard.writeText(text);
  byId("told", HTMLElement).textContent = words;
}

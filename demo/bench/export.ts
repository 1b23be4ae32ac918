// A run as files and texts for elsewhere.

import { csvTable, markdownRows } from "../../src/bench/table.ts";
import type { BenchPage, Run } from "./bench-page.ts";
import { element } from "./elements.ts";
import { factsOf } from "./facts.ts";

export function jsonOf(run: Run): string {
  return `${JSON.stringify(run, null, 2)}\n`;
}

export function csvOf(page: BenchPage, run: Run): string {
  return csvTable(page.columns, run.rows);
}

export function markdownOf(page: BenchPage, run: Run): string {
  const facts = factsOf(run).map(([name, words]) => `- ${name}: ${words}`);
  return [`## ${page.title}`, facts.join("\n"), `${markdownRows(page.columns, run.rows)}\n`].join("\n\n");
}

/** Has the browser save a text as a file. */
export function download(name: string, type: string, text: string): void {
  const href = URL.createObjectURL(new Blob([text], { type }));
  element("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}

export function fileName({ page, date }: Run, extension: string): string {
  return `vit8-${page}-${date.slice(0, 19).replaceAll(":", "")}.${extension}`;
}

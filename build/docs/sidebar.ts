import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { titleOf } from "./headings.ts";
import { pageOf } from "./pages.ts";

export interface Group {
  readonly text: string;
  readonly items: { readonly text: string; readonly link: string }[];
}

/** The sidebar's groups: the README's tables of documents in their order, and the pages of how-to. */
export function sidebarOf(root: string): Group[] {
  const read = (file: string) => readFileSync(path.join(root, file), "utf8");
  const item = (file: string) => ({ text: titleOf(read(file)), link: `/${pageOf(file)}` });
  const tables = read("README.md")
    .split(/\n\n+/)
    .filter((block) => /^\| \[[^\]]+\]\([\w/-]+\.md\)/m.test(block));
  const groups = tables.map((table) => ({
    text: capitalized(/^\| ([^|]+?) \|/.exec(table)![1]),
    items: documentsOf(table).map(item),
  }));
  const howTo = readdirSync(path.join(root, "docs/how-to")).map((name) => `docs/how-to/${name}`);
  return [...groups, { text: "How to add", items: howTo.map(item) }];
}

/** The documents that the first cells of a table's rows link to. */
function documentsOf(table: string): string[] {
  const cells = [...table.matchAll(/^\| (\[[^|]*) \|/gm)];
  return cells.flatMap(([, cell]) => [...cell.matchAll(/\]\(([^)]+\.md)\)/g)].map(([, file]) => file));
}

const capitalized = (text: string) => text[0].toUpperCase() + text.slice(1);

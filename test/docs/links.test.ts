/** Every link of a document leads somewhere: to a file of the project, and to a heading in it. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { anchors, type Document, links, readDocuments } from "./markdown.ts";

const documents = readDocuments();

/** Broken links of a document. URLs of other sites are not requested. */
function deadLinks(document: Document): string[] {
  return links(document).filter((link) => !/^(https?|mailto):/.test(link) && !leadsSomewhere(document, link));
}

function leadsSomewhere(document: Document, link: string): boolean {
  const [name, anchor] = link.split("#");
  const file = name ? path.posix.join(path.posix.dirname(document.file), decodeURI(name)) : document.file;
  if (name && !existsSync(file)) return false;
  if (!anchor) return true;
  const text = name ? readFileSync(file, "utf8") : document.text;
  return anchors({ file, text }).includes(anchor);
}

test.each(documents)("$file", (document) => expect(deadLinks(document)).toEqual([]));

test("a link's text says where it leads", () => {
  const vague = documents.flatMap(({ file, text }) =>
    [...text.matchAll(/\[(?:more|learn more|here|click here|this|link)\]\(.*?\)/gi)].map(
      ([link]) => `${file}: ${link}`,
    ),
  );
  expect(vague).toEqual([]);
});

test("the README leads to every document of docs", () => {
  const readme = documents.find(({ file }) => file === "README.md")!;
  const linked = new Set(links(readme).map((link) => link.split("#")[0]));
  const files = documents.map(({ file }) => file).filter((file) => file.startsWith("docs/"));
  expect(files.filter((file) => !linked.has(file))).toEqual([]);
});

test.each([
  ["a file that is not there", "[a](docs/none.md)", ["docs/none.md"]],
  ["a heading that is not there", "# One\n[a](#two) and [b](#one)", ["#two"]],
  ["a picture that is not there", '<img src="none.png">', ["none.png"]],
  ["a link in code is none", "`[a](none.md)`\n```md\n[a](none.md)\n```", []],
])("%s", (_, text, dead) => expect(deadLinks({ file: "README.md", text })).toEqual(dead));

import { existsSync } from "node:fs";
import path from "node:path";
import type { MarkdownRenderer } from "vitepress";
import { siteLink } from "../../build/docs/pages.ts";

/** An empty cell of a table's head is no heading of anything. */
export function emptyHeadings(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push("vit8:headings", ({ tokens }) => {
    for (const [i, { type }] of tokens.entries())
      if (type === "th_open" && tokens[i + 1].content === "") tokens[i].tag = tokens[i + 2].tag = "td";
  });
}

/** Makes of a document's links, which are right on GitHub, links of the site; of one to a source file, its text alone. */
export function linksOfTheSite(markdown: MarkdownRenderer, root: string): void {
  const isPage = (file: string) => file.endsWith(".md") && existsSync(path.join(root, file));
  markdown.core.ruler.push("vit8:links", ({ tokens, env }) => {
    const file = path.relative(root, env.realPath ?? env.path).replaceAll(path.sep, "/");
    for (const block of tokens) {
      const open: boolean[] = [];
      block.children =
        block.children?.filter((token) => {
          if (token.type === "link_close") return open.pop();
          if (token.type !== "link_open") return true;
          const link = siteLink(file, String(token.attrGet("href")), isPage);
          if (link) token.attrSet("href", link);
          open.push(link !== undefined);
          return link !== undefined;
        }) ?? null;
    }
  });
}

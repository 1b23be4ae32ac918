// The project's documents and the parts of their Markdown: blocks of code, links, headings.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { anchorOf } from "../../build/docs/headings.ts";

export interface Document {
  /** From the project's folder. */
  readonly file: string;
  readonly text: string;
}

export interface CodeBlock {
  readonly document: string;
  /** Of the first line of code, from 1 on. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** The file of the block, if the paragraph before it begins with that name in backticks. */
  readonly file?: string;
}

const folders = [".", "docs", "docs/how-to", "bench", "models/everyday80"];

export function readDocuments(): Document[] {
  const files = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".md"))
      .map((name) => path.posix.join(folder, name)),
  );
  return files.map((file) => ({ file, text: readFileSync(file, "utf8") }));
}

/** Fenced blocks that name their language. */
export function codeBlocks({ file, text }: Document): CodeBlock[] {
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(({ index, 1: language, 2: code }) => {
    const before = text.slice(0, index);
    const paragraph = before.trimEnd().split("\n\n").at(-1)!;
    return {
      document: file,
      line: before.split("\n").length + 1,
      language,
      code,
      file: /^`([\w/.-]+\.\w+)`/.exec(paragraph)?.[1],
    };
  });
}

/** Targets of links and images, those of HTML included; none of code. */
export function links({ text }: Document): string[] {
  const prose = withoutCode(text);
  const found = [...prose.matchAll(/\]\(([^)\s]+)\)|\b(?:src|srcset|href)="([^"]+)"/g)];
  return found.map(([, markdown, html]) => markdown ?? html);
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchors({ text }: Document): string[] {
  const headings = [...withoutBlocks(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) =>
    anchorOf(heading),
  );
  return headings.map((name, i) => {
    const before = headings.slice(0, i).filter((other) => other === name).length;
    return before === 0 ? name : `${name}-${before}`;
  });
}

const withoutBlocks = (text: string) => text.replace(/^```[\s\S]*?^```$/gm, "");
const withoutCode = (text: string) => withoutBlocks(text).replace(/`[^`\n]*`/g, "");

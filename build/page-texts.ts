import type { Plugin } from "vite";
import { page } from "../demo/classify/texts.ts";

/** Fills the `{{name}}`s of index.html from the page's texts, so that its words are there before any script runs. */
export function pageTexts(texts: Readonly<Record<string, string>> = page): Plugin {
  return {
    name: "vit8:page-texts",
    transformIndexHtml: { order: "pre", handler: (html) => fill(html, texts) },
  };
}

function fill(html: string, texts: Readonly<Record<string, string>>): string {
  return html.replace(/\{\{(\w+)\}\}/g, (_, name) => {
    if (texts[name] === undefined)
      throw new Error(`index.html: {{${name}}} is not in demo/classify/texts.ts; add it to page`);
    return escaped(texts[name]);
  });
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

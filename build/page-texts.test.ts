import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { page } from "../demo/classify/texts.ts";
import { pageTexts } from "./page-texts.ts";

const html = readFileSync("index.html", "utf8");

test("index.html has no words of its own, and every text for it is used", () => {
  const used = [...html.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name);
  expect(new Set(used)).toEqual(new Set(Object.keys(page)));
  const shown = html.replace(/\{\{\w+\}\}/g, "");
  const words = shown.replace(/<[^>]*>|&\w+;/g, " ").match(/\p{L}{2,}/gu) ?? [];
  // The names of things that have one name in every language.
  expect(words.filter((word) => !["vit", "classifier", "HTML", "React", "Vue"].includes(word))).toEqual([]);
  const spoken = [...shown.matchAll(/\b(?:aria-label|alt|title|placeholder)="([^"]*\p{L}[^"]*)"/gu)];
  expect(spoken.map(([attribute]) => attribute)).toEqual([]);
});

test("texts go in as text, and one that is missing is named", () => {
  const plugin = pageTexts({ a: '<b> & "c"' });
  const { handler } = plugin.transformIndexHtml as unknown as { handler: (html: string) => string };
  expect(handler('<p title="{{a}}">{{a}}</p>')).toBe(
    '<p title="&lt;b&gt; &amp; &quot;c&quot;">&lt;b&gt; &amp; &quot;c&quot;</p>',
  );
  expect(() => handler("{{missing}}")).toThrow("{{missing}} is not in demo/classify/texts.ts");
});

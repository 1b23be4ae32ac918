/** Documents use plain English and the terms of CONTRIBUTING's glossary: none of the words below, each beside what to write instead. */
import { describe, expect, test } from "vitest";
import { type Document, readDocuments } from "./markdown.ts";

const MARKED: readonly (readonly [RegExp, string])[] = [
  // Terms
  [/\bpictur\w*/, "image, screenshot"],
  [/\bthe same first (?:class|name)|\bfirst (?:class|name)\b|\bfirst classes\b/, "top-1 label"],
  [/\bknown (?:questions?|answers?)\b/, "self-test"],
  [/\bmade[- ]up\b/, "synthetic, random"],
  [/\bmanners\b/, "behaves like"],
  [/\brooms?\b/, "folder"],
  [/\btelephone\b/, "phone"],
  [/\bsoftware GPU|\bGPU in software\b/, "software adapter"],
  [/\brefused by name\b/, "rejected; the error names it"],
  // Verbs of speech and motion
  [/\b(?:tells?|told|telling)\b/, "say, list, report, print"],
  [/\b(?:came|comes? (?:in|near|out|of|to|over|along|with it))\b/, "is, results in, approaches, arrives"],
  [/\bwhat (?:was|is|you) asked for\b|\basked for\b|\basks? (?:no|again|it)\b/, "request"],
  [/(?<!time )\bgoes\b|\bgo(?:ing)? on\b|\bwent\b/, "continues, is, is sent"],
  [/\bstands?\b|\bstood\b/, "is, represents"],
  [/\bspeaks?\b|\bspoke\b/, "name the subject"],
  [/\bmend(?:s|ed|ing)?\b/, "fix"],
  [/\b(?:gives?|gave|given|giving) (?:\S+ ){0,3}back\b/, "release, return"],
  [/\bbears? (?:\S+ )?out\b/, "confirm"],
  // Clauses without a noun, inversions, old-fashioned words
  [/\bseldom\b/, "rarely"],
  [/\bfor ever\b/, "forever"],
  [/\b(?:at|in) hand\b/, "available"],
  [/\ball the same\b/, "anyway"],
  [/, but for\b|\bbut for (?:the|these|its|those)\b|\bbut (?:the one|all)\b/, "except"],
  [/\bwhoever\b|\bwhosoever\b/, "anyone who"],
  [/\bbesides\b/, "also"],
  [/\banew\b/, "again"],
  [/\blikewise\b/, "also, the same"],
  [/\bnot one\b/, "no"],
  [/, for (?:there|they|it is|this is|its)\b/, "because"],
  [/\bon purpose\b/, "intentionally"],
  [/\bmisspelt|\blearnt|\bspelt\b/, "-ed"],
  // American spelling
  [/\b(?:de|re)?quantis\w*/, "quantiz-"],
  [
    /\b\w*(?:normal|optim|initial|serial|minim|maxim|recogn|organ|parameter|summar|general|visual|real|synchron|special|util)is(?:e[ds]?|ing|ations?|ers?)\b/,
    "-iz-",
  ],
  [/\b(?:colour|behaviour|neighbour|favour|honour)\w*/, "-or"],
  [
    /\b(?:centre[ds]?|licences?|licenced|labelled|labelling|modell\w+|catalogues?|analogue|grey|judgement|maths)\b/,
    "American spelling",
  ],
];

/** Documents that still have words of the older style. */
const NOT_YET: readonly string[] = [
  "CHANGELOG.md",
  "docs/compatibility.md",
  "docs/errors.md",
  "docs/zero-shot.md",
];

/** Blank in place of code, link targets and HTML tags, so that lines keep their numbers. */
function proseOf(text: string): string {
  const blank = (part: string) => part.replace(/[^\n]/g, " ");
  return text
    .replace(/^```[\s\S]*?^```$/gm, blank)
    .replace(/`[^`\n]*`/g, blank)
    .replace(/\]\([^)\s]*\)/g, blank)
    .replace(/<!--[\s\S]*?-->|<https?:[^>]*>/g, blank)
    .replace(/\b(?:src|href)="[^"]*"/g, blank);
}

function markedWords({ file, text }: Document): string[] {
  const lines = proseOf(text).split("\n");
  return MARKED.flatMap(([pattern, instead]) =>
    lines.flatMap((line, i) =>
      [...line.matchAll(new RegExp(pattern, "gi"))].map(
        ([word]) => `${file}:${i + 1}: "${word}"; write: ${instead}`,
      ),
    ),
  );
}

const documents = readDocuments();

describe("words", () => {
  test.each(documents.filter(({ file }) => !NOT_YET.includes(file)))("$file", (document) =>
    expect(markedWords(document)).toEqual([]),
  );

  test("a document leaves the list once it is rewritten", () => {
    const rewritten = documents.filter(
      (document) => NOT_YET.includes(document.file) && markedWords(document).length === 0,
    );
    expect(rewritten.map(({ file }) => file)).toEqual([]);
  });

  test.each([
    ["a word of the older style", "It tells what came.", 2],
    ["a British spelling", "Quantised, normalised, labelled colours.", 4],
    ["none in code or addresses", '`told` [a](told.md) <img src="picture.png">\n```text\ntold\n```', 0],
    ["American spelling", "Quantized colors of neighbors, labeled, honored.", 0],
  ])("%s", (_, text, count) => expect(markedWords({ file: "a.md", text })).toHaveLength(count));
});

/** Documents, messages and comments use plain English and the terms of CONTRIBUTING's glossary: none of the words below, each beside what to write instead. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
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
  [/(?<!where the \w+ )\bgoes\b|\bgo(?:ing)? on\b|\bwent\b/, "continues, is, is sent"],
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
  [/\bbut for (?:the|these|its|those)\b|\bbut (?:the one|all)\b/, "except"],
  [/\bwhoever\b|\bwhosoever\b/, "anyone who"],
  [/\bbesides\b/, "also"],
  [/\banew\b/, "again"],
  [/\blikewise\b/, "also, the same"],
  [/\bnot one\b/, "no"],
  [/, for (?:there|they|it is|this is|its)\b/, "because"],
  [/\bon purpose\b/, "intentionally"],
  [/\bmisspelt|\blearnt|\bspelt\b/, "-ed"],
  [/\d %/, "83.2%, without a space"],
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

/** Blank in place of code, link targets and HTML tags, so that lines keep their numbers. */
function proseOf(text: string): string {
  const blank = (part: string) => part.replace(/[^\n]/g, " ");
  return text
    .replace(/^```[\s\S]*?^```$/gm, blank)
    .replace(/`[^`\n]*`/g, blank)
    .replace(/\]\([^)\s]*\)/g, blank)
    .replace(/<!--[\s\S]*?-->|<https?:[^>]*>/g, blank)
    .replace(/<\/?[\w-]+|\b(?:src|srcset|href)="[^"]*"/g, blank);
}

function markedIn(file: string, lines: readonly string[]): string[] {
  return MARKED.flatMap(([pattern, instead]) =>
    lines.flatMap((line, i) =>
      [...line.matchAll(new RegExp(pattern, "gi"))].map(
        ([word]) => `${file}:${i + 1}: "${word}"; write: ${instead}`,
      ),
    ),
  );
}

const markedWords = ({ file, text }: Document) => markedIn(file, proseOf(text).split("\n"));

/** Of each line, what its strings with several words say, without code and values. */
function messagesOf(text: string): string[] {
  return text.split("\n").map((line) =>
    [...line.replace(/^\s*(?:\/\/|\/?\*).*/, "").matchAll(/"((?:[^"\\]|\\.)*)"|`([^`]*)`/g)]
      .map(([, quoted, template]) => quoted ?? template)
      .map((string) => withoutBraces(string).replace(/`[^`]*`/g, " "))
      .filter((string) => /\w,? \w/.test(string))
      .join(" | "),
  );
}

/** Without `${value}`, and without the objects that help texts show. */
function withoutBraces(text: string): string {
  const shorter = text.replace(/\$?\{[^{}]*\}/g, " ");
  return shorter === text ? text : withoutBraces(shorter);
}

/** The text of comments, on their lines, without values, types and names of the code. */
function commentsOf(text: string): string[] {
  return proseOf(
    text
      .replace(/(\/\*\*[\s\S]*?\*\/|(?<=^|\s)\/\/ .*$)|./gm, (_, comment?: string) => comment ?? " ")
      .replace(/@param \w+|\{[^{}\n]*\}|"[^"\n]*"|\b\w*[a-z][A-Z]\w*/g, " "),
  ).split("\n");
}

const filesIn = (folder: string) =>
  (readdirSync(folder, { recursive: true }) as string[]).map((name) => path.posix.join(folder, name));

const sources = filesIn("src")
  .filter((file) => /\.ts$/.test(file) && !/\.(?:test|cases|shared)\.ts$|^src\/testing\//.test(file))
  // The labels of ImageNet are its own.
  .filter((file) => file !== "src/format/imagenet-labels.ts");

describe("words", () => {
  test.each(readDocuments())("$file", (document) => expect(markedWords(document)).toEqual([]));

  test("messages of the sources", () => {
    expect(sources.flatMap((file) => markedIn(file, messagesOf(readFileSync(file, "utf8"))))).toEqual([]);
  });

  test("comments of the sources", () => {
    const files = [...sources, ...filesIn("shaders"), ...filesIn("assembly")].filter((file) =>
      /\.(?:ts|wgsl)$/.test(file),
    );
    expect(files.flatMap((file) => markedIn(file, commentsOf(readFileSync(file, "utf8"))))).toEqual([]);
  });

  test.each([
    ["a comment", "/**\n * It tells.\n * @returns what came\n */\nexport const a = 1; // Told.", 3],
    ["none in code and values", '/** @param picture `told` {Told} "told" */\nconst told = "a//told";', 0],
  ])("%s", (_, text, count) => expect(markedIn("a.ts", commentsOf(text))).toHaveLength(count));

  test.each([
    ["a word of the older style", "It tells what came.", 2],
    ["a British spelling", "Quantised, normalised, labelled colours.", 4],
    ["none in code or addresses", '`told` [a](told.md) <img src="picture.png">\n```text\ntold\n```', 0],
    ["American spelling", "Quantized colors of neighbors, labeled, honored.", 0],
  ])("%s", (_, text, count) => expect(markedWords({ file: "a.md", text })).toHaveLength(count));

  test.each([
    ["a message", "throw new Error(`a.jpg: what came is told.`);", 2],
    [
      "none in comments, names or values",
      '// It tells.\nif (kind === "picture") print("an array of { picture }")',
      0,
    ],
  ])("%s", (_, text, count) => expect(markedIn("a.ts", messagesOf(text))).toHaveLength(count));
});

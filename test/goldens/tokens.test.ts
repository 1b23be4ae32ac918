// 1,000 hard strings, whose ids are those of transformers (tokens.py).

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { openModel } from "../../src/node/folder.ts";
import { readTokenizer } from "../../src/text/tokenizer.ts";

const here = new URL("./tokens/", import.meta.url).pathname;
const read = (name: string) => readFileSync(here + name, "utf8");
const texts: string[] = JSON.parse(read("texts.json"));
const merges = new URL("../../../shared/tokenizers/clip-bpe.txt.gz", import.meta.url);

const idsOf = async (folder: Parameters<typeof openModel>[0], places: number) => {
  const tokenizer = await readTokenizer(await openModel(folder), { places, pad: false });
  return texts.map((text) => tokenizer.ids(text).join(" "));
};
const differing = async (name: string, folder: Parameters<typeof openModel>[0], places: number) => {
  const expected = read(`${name}-ids.txt`).split("\n");
  return (await idsOf(folder, places))
    .map((ids, i) => ({ text: texts[i], ids, expected: expected[i] }))
    .filter(({ ids, expected }) => ids !== expected);
};

test("there are 1,000 different strings, among them empty and long ones", () => {
  expect(new Set(texts).size).toBeGreaterThan(950);
  expect(texts.length).toBe(1000);
  expect(texts.filter((text) => text.split(" ").length >= 500).length).toBeGreaterThan(2);
});

test("byte-level BPE", async () => expect(await differing("bpe", `${here}bpe`, 77)).toEqual([]));

test("SentencePiece Unigram", async () =>
  expect(await differing("unigram", `${here}unigram`, 64)).toEqual([]));

test("Gemma's BPE, which falls back to bytes", async () => {
  const ids = await idsOf(`${here}../zero-shot/siglip2`, 64);
  const sha256 = createHash("sha256").update(`${ids.join("\n")}\n`);
  expect(sha256.digest("hex")).toBe(read("gemma-ids.sha256").trim());
});

test.skipIf(!existsSync(merges))("CLIP's vocabulary (skipped without ../shared/tokenizers)", async () =>
  expect(await differing("clip", clipFiles(), 77)).toEqual([]),
);

/** vocab.json and merges.txt, as CLIP's repositories have them (openai/CLIP simple_tokenizer). */
function clipFiles(): Record<string, string> {
  const lines = gunzipSync(readFileSync(merges)).toString().split("\n").slice(1, 48_895);
  const bytes = [...Array(256).keys()];
  const kept = bytes.filter(
    (byte) => byte > 32 && byte !== 127 && byte !== 173 && (byte < 127 || byte > 160),
  );
  const others = bytes.filter((byte) => !kept.includes(byte));
  const signs = [...kept, ...others.map((_, i) => 256 + i)].map((code) => String.fromCharCode(code));
  const pairs = lines.map((line) => line.replace(" ", ""));
  const words = [...signs, ...signs.map((sign) => `${sign}</w>`), ...pairs];
  const vocab = [...words, "<|startoftext|>", "<|endoftext|>"].map((word, i) => [word, i]);
  return {
    "vocab.json": JSON.stringify(Object.fromEntries(vocab)),
    "merges.txt": `#version: 0.2\n${lines.join("\n")}\n`,
  };
}

test("a folder with spiece.model alone says what to do", async () => {
  const folder = await openModel({ "config.json": "{}", "spiece.model": new Uint8Array(4) });
  await expect(readTokenizer(folder, { places: 64, pad: true })).rejects.toThrow(
    /expected tokenizer\.json, got spiece\.model alone\. .*docs\/zero-shot\.md/,
  );
});

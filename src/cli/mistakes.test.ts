// Plausible mistakes: each is one line that names it, before a model is loaded.

import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { vit8 } from "./run.shared.ts";

const folder = mkdtempSync(path.join(tmpdir(), "vit8-mistakes-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => path.join(folder, name);
mkdirSync(at("empty"));
cpSync("test/goldens/picture.png", at("a.png"));
const model = "models/everyday80";
const missing = "cannot be read (ENOENT: no such file or directory). Check the path.";
const isFolder = "expected a file, got a folder.";

test.each<[string[], number, string]>([
  [["merge", at("out.csv"), at("none.csv")], 1, `${at("none.csv")}: ${missing}`],
  [["merge", at("out.csv"), at("empty")], 1, `${at("empty")}: ${isFolder}`],
  [["search", at("a.png"), "--in", at("none.csv")], 1, `${at("none.csv")}: ${missing}`],
  [["search", at("a.png"), "--in", at("empty")], 1, `${at("empty")}: ${isFolder}`],
  [["eval", model, at("none")], 1, `${at("none")}: ${missing}`],
  [["eval", model, at("a.png")], 1, `${at("a.png")}: expected a folder, got a file.`],
  [["compare", model, at("none")], 1, `${at("none")}: ${missing}`],
  [["inspect", "--error", model, at("a.png")], 1, `${at("a.png")}: expected a folder, got a file.`],
  [["inspect", model, "--plot", at("x.svg")], 2, "--plot: expected --error too, got none."],
  [["inspect", model, "--layers"], 2, "--layers: expected --error too, got none."],
  [["inspect", model, "--size", "32"], 2, "--size: expected --cost too, got none."],
  [["inspect", "--cost", model, "--limit", "3"], 2, "--limit: expected --error too, got none."],
  [["label", at("none"), "-o", at("out.csv")], 1, `${at("none")}: ${missing}`],
  [["detect", at("empty"), "--model", model], 1, `${at("empty")}: ${isFolder}`],
  [["classify", ""], 2, 'expected a path, a URL or a name for each argument, got "".'],
  [["classify", at("a.png"), "-m", model, "--labels-file", at("empty")], 1, `${at("empty")}: ${isFolder}`],
  [
    ["classify", at("a.png"), "-m", "a/b", "--endpoint", "hub"],
    2,
    '--endpoint: expected an http or https URL, got "hub".',
  ],
  [
    ["eval", model, at("empty"), "--batch", "65"],
    2,
    '--batch: expected a whole number from 1 to 64, got "65".',
  ],
  [
    ["inspect", "--cost", "--shape", "deit-tiny", "--size", "30"],
    1,
    "--size: expected a size that deit-tiny can take, got 30 (config.json: expected whole patches of 16 pixels,",
  ],
  [["bench", "--size", "32,30"], 2, "--size: expected multiples of 16 up to 4096, got 30."],
  [["bench", "--against", at("empty")], 1, `${at("empty")}: ${isFolder}`],
])("%j", async (argv, code, words) => {
  const answer = await vit8(...argv);
  expect(answer.stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(answer.stderr).toContain(`vit8: ${words}`);
  expect([answer.code, answer.stdout]).toEqual([code, ""]);
  // No unfinished job that stops the next one.
  expect(readdirSync(folder).sort()).toEqual(["a.png", "empty"]);
});

test("a job without images says so", async () => {
  const { code, stderr } = await vit8("label", at("empty"), "-o", at("none.jsonl"), "--device", "cpu");
  expect(code).toBe(0);
  expect(stderr).toContain(`vit8: ${at("empty")}: no images found\n`);
});

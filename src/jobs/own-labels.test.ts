// A job with labels that a person names, on a CLIP and a SigLIP of random weights.

import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { vit8 } from "../cli/run.shared.ts";
import { ImageClassifier, ZeroShotClassifier } from "../node/index.ts";
import { openRows } from "./output.ts";
import type { Row } from "./row.ts";

const folder = mkdtempSync(path.join(tmpdir(), "vit8-own-labels-"));
const at = (name: string) => path.join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

const pictures = ["pizza", "orange", "ladybug"].map((name) => `demo/classify/samples/${name}.svg`);
const labels = ["cat", "dog", "a red, big car"];
writeFileSync(at("labels.txt"), labels.join("\n"));

const label = (model: string, output: string, ...argv: string[]) =>
  vit8("label", ...pictures, "-m", model, "-o", at(output), "--device", "cpu", ...argv);

async function opened(output: string) {
  const { metadata, rows } = await openRows(at(output));
  const all: Row[] = [];
  for await (const row of rows()) all.push(row);
  return { metadata, all };
}

describe.each(["clip", "siglip"])("%s", (name) => {
  const model = `test/goldens/zero-shot/${name}`;
  const output = `${name}.parquet`;

  test("names pictures as classify does, and embeds them as embed does", async () => {
    const told = await label(model, output, "--labels-file", at("labels.txt"), "--embed", "-k", "2");
    expect(told.code).toBe(0);
    const classifier = await ZeroShotClassifier.load(model, { device: "cpu" });
    const expected = await classifier.classify(pictures, labels, { topK: 2 });
    await classifier.dispose();
    const images = await ImageClassifier.load(model, { device: "cpu" });
    const embeddings = await images.embed(pictures);
    await images.dispose();
    const { all } = await opened(output);
    expect(all.map((row) => row.labels)).toEqual(expected.map((classes) => classes.map((c) => c.label)));
    expect(all.map((row) => row.indices)).toEqual(expected.map((classes) => classes.map((c) => c.index)));
    for (const [i, row] of all.entries())
      for (const [k, score] of row.scores.entries()) expect(score).toBeCloseTo(expected[i][k].score, 6);
    expect(all.map((row) => row.embedding)).toEqual(embeddings);
  });

  test("its file says which labels and template those were, and of which weights", async () => {
    const { metadata } = await opened(output);
    const sha256 = createHash("sha256")
      .update(readFileSync(`${model}/model.safetensors`))
      .digest("hex");
    expect(metadata).toMatchObject({ labels, template: "a photo of a {}.", sha256, topK: 2 });
  });
});

describe("a job that was begun with labels", () => {
  const model = "test/goldens/zero-shot/clip";
  const begun = async (output: string) => {
    await label(model, output, "--labels", "cat,dog");
    const { metadata } = await opened(output);
    const { embedding, topK, pictures: _, ...rest } = metadata;
    mkdirSync(`${at(output)}.parts`);
    const identity = { ...rest, date: undefined, inputs: pictures, topK, embed: false, shard: null };
    writeFileSync(path.join(`${at(output)}.parts`, "job.json"), JSON.stringify(identity));
  };

  test.each([
    [["--labels", "cat,dog"], 0, "3 rows, 0 of them"],
    [
      ["--labels", "dog,cat"],
      1,
      'expected labels ["cat","dog"], as in the unfinished job, got ["dog","cat"].',
    ],
    [
      ["--labels", "cat,dog", "--template", "{}"],
      1,
      'expected template "a photo of a {}.", as in the unfinished job, got "{}".',
    ],
  ])("goes on with the same ones only: %j", async (argv, code, words) => {
    await begun("begun.jsonl");
    const told = await label(model, "begun.jsonl", ...argv, "--resume");
    expect(told).toMatchObject({ code, stderr: expect.stringContaining(words) });
    rmSync(`${at("begun.jsonl")}.parts`, { recursive: true, force: true });
  });

  test("is not merged with one of other labels", async () => {
    await label(model, "a.jsonl", "--labels", "cat,dog", "--shard", "0/2");
    await label(model, "b.jsonl", "--labels", "cat,fox", "--shard", "1/2");
    const told = await vit8("merge", at("ab.jsonl"), at("a.jsonl"), at("b.jsonl"));
    expect(told.stderr).toContain('expected labels ["cat","dog"], as');
  });
});

test("labels for a model without a text tower, or without a model, are refused in one line", async () => {
  for (const [argv, words] of [
    [["-m", "test/goldens/models/dinov2"], "text tower is not supported"],
    [[], "--labels: expected --model"],
  ] as const) {
    const told = await vit8("label", ...pictures, "-o", at("no.jsonl"), "--labels", "a,b", ...argv);
    expect(told.stderr).toMatch(/^vit8: [^\n]+\n/);
    expect(told.stderr).toContain(words);
  }
});

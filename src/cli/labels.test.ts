// Labels from the command line, on a CLIP of random weights; its scores are compared with transformers' in test/goldens.
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { ZeroShotClassifier } from "../node/index.ts";
import { vit8 } from "./run.shared.ts";

const model = "test/goldens/zero-shot/clip";
const picture = "test/goldens/picture.png";
const folder = mkdtempSync(path.join(tmpdir(), "vit8-labels-"));
afterAll(() => rmSync(folder, { recursive: true }));

const classify = (...argv: string[]) =>
  vit8("classify", picture, "--model", model, "--device", "cpu", "--json", ...argv);

test("classify names pictures by labels that are given, inline and in a file, in a template", async () => {
  const classifier = await ZeroShotClassifier.load(model, { device: "cpu" });
  const labels = ["cat", "dog", "a red car"];
  const expected = await classifier.classify(picture, labels);
  const drawn = await classifier.classify(picture, labels, { template: "a drawing of {}" });
  await classifier.dispose();
  expect(drawn).not.toEqual(expected);
  const file = path.join(folder, "labels.txt");
  writeFileSync(file, "\ufeffcat\r\n\r\n dog \r\na red car\r\ncat\r\n");
  const answers = async (...argv: string[]) => JSON.parse((await classify(...argv)).stdout)[0].classes;
  expect(await answers("--labels", "cat, dog,a red car")).toEqual(expected);
  expect(await answers("--labels-file", file)).toEqual(expected);
  expect(await answers("--labels-file", file, "--template", "a drawing of {}")).toEqual(drawn);
});

test.each([
  [["--labels", "a", "--labels-file", "b"], 2, "got both"],
  [["--labels", " , "], 2, "--labels: expected names"],
  [["--template", "{}"], 2, "--template: expected --labels"],
  [["--labels", "a", "--template", "of"], 2, '--template: expected {} where the label goes, got "of"'],
  [["--labels-file", "nowhere.txt"], 1, "nowhere.txt: cannot be read (ENOENT: no such file or directory)"],
  [["--labels", "a", "--model", "test/goldens/models/dinov2"], 1, "text tower is not supported"],
])("%j is refused in one line", async (argv, code, words) => {
  const told = await classify(...argv);
  expect(told.code).toBe(code);
  expect(told.stderr).toContain(words);
  expect(told.stderr).toMatch(/^vit8: [^\n]+\n$/);
});

test("search finds pictures by a text as by its embedding", async () => {
  const output = path.join(folder, "out.jsonl");
  const samples = ["pizza", "orange", "ladybug"].map((name) => `demo/classify/samples/${name}.svg`);
  await vit8("label", ...samples, "--embed", "-o", output, "--model", model, "--device", "cpu");
  const told = await vit8(
    "search",
    "a red beetle",
    "--in",
    output,
    "--device",
    "cpu",
    "--model",
    model,
    "--json",
  );
  const found: { key: string; similarity: number }[] = JSON.parse(told.stdout);
  const classifier = await ZeroShotClassifier.load(model, { device: "cpu" });
  const [text] = await classifier.embedText(["a red beetle"]);
  const images = await classifier.embedImage(samples);
  await classifier.dispose();
  const expected = samples
    .map((key, i) => ({ key, similarity: classifier.similarity(text, images[i]) }))
    .sort((a, b) => b.similarity - a.similarity);
  expect(found.map(({ key }) => key)).toEqual(expected.map(({ key }) => key));
  // The file contains embeddings before they are normalized; the two divisions round differently.
  for (const [i, { similarity }] of found.entries())
    expect(Math.abs(similarity - expected[i].similarity)).toBeLessThan(1e-6);
});

test("eval takes the names of labels.tsv", async () => {
  const images = mkdtempSync(path.join(folder, "images-"));
  const samples = ["pizza", "orange", "ladybug"];
  const row = (name: string, i: number) => `${[9, 4, 7][i]}\t-\ta ${name}\t${name}.svg`;
  for (const name of samples)
    copyFileSync(`demo/classify/samples/${name}.svg`, path.join(images, `${name}.svg`));
  const table = path.join(images, "labels.tsv");
  const head = "index\twnid\tlabel\tfile";
  writeFileSync(table, `${[head, ...samples.map(row)].join("\n")}\n`);
  const evaluated = (...argv: string[]) => vit8("eval", model, images, "--device", "cpu", "--json", ...argv);
  const { stdout } = await evaluated("--template", "the {}");
  const classifier = await ZeroShotClassifier.load(model, { device: "cpu" });
  const labels = samples.map((name) => `a ${name}`);
  const files = samples.map((name) => `demo/classify/samples/${name}.svg`);
  const answers = await classifier.classify(files, labels, { template: "the {}" });
  await classifier.dispose();
  const right = answers.filter(([{ label }], i) => label === labels[i]).length;
  expect(JSON.parse(stdout)).toMatchObject({ images: 3, top1: right / 3, top5: 1, agreement: 1 });
  writeFileSync(table, `${[head, ...samples.map(row), "9\t-\ta hen\tpizza.svg"].join("\n")}\n`);
  expect(await evaluated()).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('line 5: expected one name of class 9, got "a hen"'),
  });
});

test("a picture that is not there is no text", async () => {
  const output = path.join(folder, "out.jsonl");
  const told = await vit8("search", "nowhere.jpg", "--in", output, "--model", model);
  expect(told).toMatchObject({ code: 1, stderr: expect.stringContaining("nowhere.jpg") });
});

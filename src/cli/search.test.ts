// Which model a search uses: the one of the embeddings.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { openRows } from "../jobs/output.ts";
import { vit8 } from "./run.shared.ts";
import { writeTinyModel } from "./tiny-model.shared.ts";

const folder = mkdtempSync(path.join(tmpdir(), "vit8-search-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => path.join(folder, name);

const samples = ["pizza", "orange", "ladybug"].map((name) => `demo/classify/samples/${name}.svg`);
const label = (output: string, ...argv: string[]) =>
  vit8("label", ...samples, "--embed", "-o", at(output), "--device", "cpu", ...argv);
const search = (output: string, ...argv: string[]) =>
  vit8("search", samples[1], "--in", at(output), "-n", "1", "--device", "cpu", ...argv);

test("a file of the bundled model names it, and not where it is installed", async () => {
  await label("bundled.jsonl");
  expect((await openRows(at("bundled.jsonl"))).metadata.model).toBe("everyday80");
  const found = await search("bundled.jsonl");
  expect(found).toEqual({ code: 0, stdout: `1.0000  ${samples[1]}\n`, stderr: found.stderr });
  expect(found.stderr).not.toContain("other weights");
});

test("a model of other weights is told, and the same model in another folder is not", async () => {
  const [made, copied] = ["made", "copied"].map((name) => writeTinyModel(at(name)));
  const other = writeTinyModel(at("other"), {
    // The lowest bits of a half.
    tensors: (tensors) =>
      tensors.map((it) => ({ ...it, bytes: it.bytes.map((b, i) => (i % 2 ? b : b ^ 1)) })),
  });
  await label("made.jsonl", "--model", made);
  const told = await search("made.jsonl", "--model", other);
  expect(told.stderr).toContain(`made.jsonl: the embeddings were made with other weights (${made})`);
  expect((await search("made.jsonl", "--model", copied)).stderr).not.toContain("other weights");
});

test("shards whose model was in different folders are merged", async () => {
  for (const [i, name] of ["here", "there"].entries())
    await label(`${name}.jsonl`, "--model", writeTinyModel(at(name)), "--shard", `${i}/2`);
  const told = await vit8("merge", at("merged.jsonl"), at("here.jsonl"), at("there.jsonl"));
  expect(told).toMatchObject({ code: 0 });
});

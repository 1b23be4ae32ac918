import { expect, test } from "vitest";
import type { CostReport } from "./cost-tables.ts";
import { bundledModel } from "./model.ts";
import { run } from "./run.ts";

async function vit8(...argv: string[]) {
  let output = "";
  const write = (text: string) => {
    output += text;
  };
  const { signal } = new AbortController();
  return { code: await run(argv, { print: write, tell: write, signal }), output };
}

test("inspect --cost of a shape at several sizes: an object each, and tables whose rows fit their heads", async () => {
  const argv = ["inspect", "--cost", "--shape", "vit-large", "--size", "224,1024"];
  const reports: CostReport[] = JSON.parse((await vit8(...argv, "--json")).output);
  expect(reports.map(({ tokens }) => tokens)).toEqual([14 * 14 + 1, 64 * 64 + 1]);
  const scores = reports.map(({ operations }) => operations.find(({ name }) => name === "scores")!.macs);
  expect(scores[1] / scores[0]).toBeCloseTo((4097 / 197) ** 2, 9);
  const { output } = await vit8(...argv);
  for (const table of output.split("\n\n").filter((part) => part.startsWith("|"))) {
    const cells = table
      .trimEnd()
      .split("\n")
      .map((line) => line.split("|").length);
    expect(new Set(cells).size).toBe(1);
  }
  expect(output).toMatch(/\| 1024 +\| +4097 \|/);
});

test("inspect --cost --measure times every pass of a model", async () => {
  const { output } = await vit8("inspect", bundledModel(), "--cost", "--measure", "--json");
  const [{ passes, adapter, timedBy }]: CostReport[] = JSON.parse(output);
  expect(passes.length).toBe(10);
  for (const { name, ms } of passes) expect(ms, name).toBeGreaterThan(0);
  expect(adapter?.vendor).toBeTruthy();
  expect(timedBy).toMatch(/timestamps|wall/);
});

test.each([
  [["--shape", "deit-huge"], 2, 'got "deit-huge"'],
  [["--shape", "deit-tiny", "--size", "224,x"], 2, 'got "x"'],
  [["--shape", "deit-tiny", "model"], 2, "expected nothing"],
  [[], 2, "expected MODEL"],
  [["--shape", "deit-tiny", "--size", "230"], 1, "whole patches of 16 pixels"],
])("inspect --cost %s ends with %i", async (argv, code, words) => {
  expect(await vit8("inspect", "--cost", ...argv)).toEqual({ code, output: expect.stringContaining(words) });
});

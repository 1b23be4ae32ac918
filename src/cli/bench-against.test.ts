import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { type AnyReport, againstTable, readReport } from "./bench-against.ts";

const folder = mkdtempSync(path.join(tmpdir(), "vit8-against-"));
afterAll(() => rmSync(folder, { recursive: true }));

const spread = (...samples: number[]) => ({
  median: samples[1],
  p10: samples[0],
  p90: samples[2],
  n: 3,
  samples,
});
const report = (description: string, ms: ReturnType<typeof spread>, model = "ti") =>
  ({
    ...{ date: "2026-05-04T03:02:01.000Z", node: "v20", cpu: "a CPU", cores: 2 },
    adapter: { vendor: "", architecture: "", description, isFallback: false },
    peaks: { floatGops: 1, copyGBs: 1 },
    kernels: [],
    models: [{ model, imageSize: 224, batch: 1, ms }],
  }) as unknown as AnyReport;

test("each row has the ratio of its times and an interval; above 1 is faster now", () => {
  const table = againstTable("old.json", report("A", spread(20, 20, 20)), report("A", spread(10, 10, 10)));
  expect(table).toContain("old.json of 2026-05-04");
  expect(table.replaceAll(/ +/g, " ")).toContain(
    "| ti, 224 px, batch 1 | 20.0 | 10.0 | 2.00 | 2.00 to 2.00 |",
  );
  expect(table).not.toContain("Not the same machine");
});

test("another machine and rows without a partner are said", () => {
  const table = againstTable("old.json", report("A", spread(1, 1, 1), "s"), report("B", spread(1, 1, 1)));
  expect(table).toContain("Not the same machine: A then, B now");
  expect(table).toContain("1 rows of this run, 1 of the file");
});

test.each([
  ["no.json", undefined, "cannot be read (ENOENT: no such file or directory)"],
  ["text.json", "nothing", "expected JSON"],
  [
    "other.json",
    "{}",
    "expected the report of a benchmark, got other JSON. Pass a file that `vit8 bench -o` wrote.",
  ],
])("%s is refused", async (name, text, words) => {
  const file = path.join(folder, name);
  if (text !== undefined) writeFileSync(file, text);
  await expect(readReport(file)).rejects.toThrow(words);
});

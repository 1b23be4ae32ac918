/** docs/architecture.md lists every folder of src. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("every folder of src has its row, and every row its folder", () => {
  const [, section] = readFileSync("docs/architecture.md", "utf8").split("## Source folders\n");
  const cells = [...section.split("\n## ")[0].matchAll(/^\| (`[^|]*`) \|/gm)];
  const rows = cells.flatMap(([, cell]) => [...cell.matchAll(/`(\w+)`/g)].map(([, folder]) => folder));
  const folders = readdirSync("src", { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "testing")
    .map(({ name }) => name);
  expect(rows.sort()).toEqual(folders.sort());
});

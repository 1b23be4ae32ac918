/** docs/architecture.md lists the rooms that there are. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("every folder of src has its row among the rooms, and every row its folder", () => {
  const [, section] = readFileSync("docs/architecture.md", "utf8").split("## Rooms\n");
  const cells = [...section.split("\n## ")[0].matchAll(/^\| (`[^|]*`) \|/gm)];
  const rows = cells.flatMap(([, cell]) => [...cell.matchAll(/`(\w+)`/g)].map(([, room]) => room));
  const rooms = readdirSync("src", { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "testing")
    .map(({ name }) => name);
  expect(rows.sort()).toEqual(rooms.sort());
});

/** docs/models.md has the tables of demo/models/known-models.ts: `npx vitest run test/docs/models -u` writes them. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { families, floatMegabytes, int8Megabytes, refused } from "../../demo/models/known-models.ts";

const file = "docs/models.md";

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`.replaceAll("|  |", "| |");
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const megabytes = (count: number) => `${count.toFixed(0)} MB`;

const tables = {
  families: table(
    ["family", "transformers", "timm"],
    families.map(({ name, transformers, timm }) => [name, transformers, timm]),
  ),
  known: table(
    ["model", "family", "parameters", "float32", "int8", "license"],
    families.flatMap(({ name, models }) =>
      models.map((model) => [
        `\`${model.id}\``,
        name,
        `${model.parameters} M`,
        megabytes(floatMegabytes(model)),
        megabytes(int8Megabytes(model)),
        model.license,
      ]),
    ),
  ),
  refused: table(
    ["model", "why"],
    refused.map(({ name, why }) => [name, why]),
  ),
};

test("the document has the tables of today", async () => {
  let text = readFileSync(file, "utf8");
  for (const [name, rows] of Object.entries(tables)) {
    const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    expect(text).toContain(start);
    text = `${text.split(start)[0]}${start}\n${rows}\n${end}${text.split(end)[1]}`;
  }
  await expect(text).toMatchFileSnapshot(`../../${file}`);
});

test("every file of a family is in the table, once", () => {
  const folder = "src/network/families";
  const files = (readdirSync(folder, { recursive: true }) as string[])
    .filter((name) => name.endsWith(".ts"))
    .map((name) => name.replace(/\.ts$/, ""));
  expect(families.flatMap(({ files }) => files).sort()).toEqual(files.sort());
});

/** docs/compatibility.md is made from the tests: `npx vitest run test/docs/compatibility -u` writes it. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { AREAS } from "../../src/testing/accepted.ts";

interface Row {
  readonly file: string;
  readonly area: string;
  readonly what: string;
  readonly checkedAgainst: string;
}

const TEXT = String.raw`"(?:[^"\\]|\\.)*"`;
const CALL = new RegExp(String.raw`\baccepted\(\s*(${TEXT}),\s*(${TEXT}),\s*(${TEXT}),?\s*\)`, "g");

const isTest = (name: string) => /\.(test|spec)\.ts$/.test(name) && !name.endsWith("compatibility.test.ts");

function testFiles(): string[] {
  const folders = ["build", "e2e", "src", "test"];
  return folders
    .flatMap((folder) =>
      (readdirSync(folder, { recursive: true }) as string[]).map((name) => path.posix.join(folder, name)),
    )
    .filter(isTest)
    .sort();
}

/** Throws where a call is written in a way that this cannot read. */
function rowsOf(file: string, text: string): Row[] {
  const rows = [...text.matchAll(CALL)].map(([, ...parts]) => {
    const [area, what, checkedAgainst] = parts.map((part) => JSON.parse(part) as string);
    return { file, area, what, checkedAgainst };
  });
  const calls = text.match(/\baccepted\(/g)?.length ?? 0;
  if (calls !== rows.length)
    throw new Error(`${file}: accepted() takes three plain strings in double quotes`);
  return rows;
}

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");

function tableOf(area: string, rows: readonly Row[]): string {
  const lines = rows.map(
    ({ what, checkedAgainst, file }) =>
      `| ${cell(what)} | ${cell(checkedAgainst)} | [\`${path.basename(file)}\`](../${file}) |`,
  );
  return [`## ${area}`, "", "| accepted | checked against | test |", "| --- | --- | --- |", ...lines].join(
    "\n",
  );
}

function documentOf(rows: readonly Row[]): string {
  const tables = AREAS.map((area) =>
    tableOf(
      area,
      rows.filter((row) => row.area === area),
    ),
  );
  const head = `# Compatibility

What vit8 accepts, and the library or program whose output it was checked against. Each row is a test: this page is
generated from the tests by \`npx vitest run test/docs/compatibility -u\`.`;
  return `${[head, ...tables].join("\n\n")}\n`;
}

test("docs/compatibility.md is what the tests say", async () => {
  const rows = testFiles().flatMap((file) => rowsOf(file, readFileSync(file, "utf8")));
  await expect(documentOf(rows)).toMatchFileSnapshot("../../docs/compatibility.md");
});

test("a call that cannot be read is an error", () => {
  expect(() => rowsOf("a.test.ts", "test(accepted(area, `what`, 'peer'), () => {})")).toThrow(
    "double quotes",
  );
});

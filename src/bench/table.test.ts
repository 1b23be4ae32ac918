import { expect, test } from "vitest";
import { figure } from "./markdown.ts";
import { type Column, csvTable, markdownRows } from "./table.ts";

interface Row {
  readonly name: string;
  readonly ms?: number;
  readonly error?: string;
}

const columns: Column<Row>[] = [
  { head: "name", value: ({ name }) => name, names: true },
  { head: "ms", value: ({ ms }) => ms },
  { head: "twice", value: ({ ms = 0 }) => 2 * ms, show: ({ ms = 0 }) => `${2 * ms}!` },
];
const rows: Row[] = [
  { name: "a", ms: 12.345 },
  { name: "b", error: 'wrong: "1", not 2' },
];

test("Markdown for people: three digits, and the reason in the place of figures", () => {
  expect(markdownRows(columns, rows)).toBe(
    `| name |   ms |  twice |\n| ---- | ---: | -----: |\n| a    | 12.3 | 24.69! |\n| b    | wrong: "1", not 2 |  |`,
  );
});

test("CSV for programs: whole numbers of a row, quotes doubled", () => {
  expect(csvTable(columns, rows)).toBe(
    'name,ms,twice,error\r\na,12.345,24.69,\r\nb,,0,"wrong: ""1"", not 2"\r\n',
  );
});

test.each([
  [1234.5, "1235"],
  [0.5, "0.500"],
  [0.00012, "1.2e-4"],
  [0, "0"],
  [Number.NaN, ""],
])("%d is shown as %s", (value, text) => expect(figure(value)).toBe(text));

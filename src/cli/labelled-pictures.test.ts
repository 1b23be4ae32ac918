import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Vit8Error } from "../errors/errors.ts";
import { readLabelledPictures } from "./labelled-pictures.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "vit8-labels-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(lines: string[], files: string[]) {
  for (const file of files) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), "");
  }
  writeFileSync(path.join(folder, "labels.tsv"), lines.join("\n"));
}

const header = "index\twnid\tlabel\tfile";

test("files are found in the folder and below, by name or by path, in the order of the table", async () => {
  const lines = [header, "7\tn1\tcat\ta.jpg", "0\tn2\tdog, hound\tdeep/er/b.jpg", "3\t\t\tc.jpg", ""];
  write(lines, ["a.jpg", "deep/er/b.jpg", "deep/c.jpg"]);
  expect(await readLabelledPictures(folder)).toEqual([
    { index: 7, file: path.join(folder, "a.jpg") },
    { index: 0, file: path.join(folder, "deep/er/b.jpg") },
    { index: 3, file: path.join(folder, "deep/c.jpg") },
  ]);
});

test.each<[string, (text: string) => Buffer]>([
  ["UTF-8 after a byte order mark", (text) => Buffer.from(`\uFEFF${text}`)],
  ["UTF-16, as PowerShell writes", (text) => Buffer.from(`\uFEFF${text}`, "utf16le")],
])("a table in %s, with CRLF", async (_, encoded) => {
  write([], ["ä.jpg"]);
  writeFileSync(path.join(folder, "labels.tsv"), encoded(`${header}\r\n4\tn1\tcat\tä.jpg\r\n`));
  expect(await readLabelledPictures(folder)).toEqual([{ index: 4, file: path.join(folder, "ä.jpg") }]);
});

test("a missing file among others is left to who reads it, by the place that it should have", async () => {
  write([header, "1\tn\tcat\ta.jpg", "2\tn\tcat\tx/b.jpg"], ["a.jpg"]);
  expect(await readLabelledPictures(folder)).toEqual([
    { index: 1, file: path.join(folder, "a.jpg") },
    { index: 2, file: path.join(folder, "x/b.jpg") },
  ]);
});

describe("what is wrong is told with its line", () => {
  test.each<[string, string[], string[], RegExp]>([
    ["another header", ["file\tlabel"], [], /expected the header index wnid label file/],
    ["no pictures", [header], [], /expected a line for each image/],
    ["too few columns", [header, "1\tn1\tcat"], [], /line 2: expected index, wnid, label, file/],
    ["no number", [header, "cat\tn1\tcat\ta.jpg"], ["a.jpg"], /line 2: expected index/],
    [
      "missing files, all of them",
      [header, "1\tn\tcat\ta.jpg", "1\tn\tcat\tb.jpg"],
      ["c.jpg"],
      /line 2: .*a.jpg.* got 0/,
    ],
    ["two of one name", [header, "1\tn\tcat\ta.jpg"], ["x/a.jpg", "y/a.jpg"], /line 2: .* got 2/],
    ["a file outside", [header, "1\tn\tcat\ta.jpg", "1\tn\tcat\t../a.jpg"], ["a.jpg"], /line 3: .* got 0/],
  ])("%s", async (_, lines, files, message) => {
    write(lines, files);
    const error = await readLabelledPictures(folder).catch((e) => e);
    expect(error).toBeInstanceOf(Vit8Error);
    expect(error.message).toMatch(message);
  });

  test("no table", async () => {
    await expect(readLabelledPictures(folder)).rejects.toThrow(
      /expected labels.tsv, labels.csv, labels.txt or/,
    );
  });
});

describe("what people have", () => {
  const labels = ["tench, Tinca tinca", "Golden Retriever", "pizza"];
  const expected = [
    { index: 1, file: "a.jpg" },
    { index: 2, file: "deep/b.jpg" },
    { index: 0, file: "c d.jpg" },
  ];
  const put = (table: string, text: string) => {
    write([], ["a.jpg", "deep/b.jpg", "c d.jpg"]);
    rmSync(path.join(folder, "labels.tsv"));
    writeFileSync(path.join(folder, table), text);
  };
  const read = async () =>
    (await readLabelledPictures(folder, labels)).map(({ index, file }) => ({
      index,
      file: path.relative(folder, file),
    }));

  test("labels.csv with a header of names, in any order and quoted", async () => {
    put(
      "labels.csv",
      'id,label,filename\n1,golden_retriever,a.jpg\n2,"pizza",b.jpg\n3,"Tinca tinca","c d.jpg"\n',
    );
    expect(await read()).toEqual(expected);
  });

  test("labels.csv with an index beside the label", async () => {
    put("labels.csv", "image,label,index\r\na.jpg,dog,1\r\ndeep/b.jpg,food,2\r\nc d.jpg,fish,0\r\n");
    expect(await read()).toEqual(expected);
  });

  test("labels.csv with line breaks, commas and quotes within quotes", async () => {
    put(
      "labels.csv",
      'note,file,index\r\n"two\r\nlines, ""so""",a.jpg,1\n5" wide,b.jpg,2\n"\n","c d.jpg",0\n',
    );
    expect(await read()).toEqual(expected);
  });

  test.each([
    ["numbers", "a.jpg 1\nb.jpg 2\nc d.jpg 0\n"],
    ["labels after a tab", "a.jpg\tgolden retriever\nb.jpg\tPizza\nc d.jpg\ttench\n"],
  ])("labels.txt: lines of file and label, %s", async (_, text) => {
    put("labels.txt", text);
    expect(await read()).toEqual(expected);
  });

  test.each([
    ["labels", ["pizza", "Golden Retriever", "tench"], [1, 2, 0]],
    ["numbers", ["2", "1", "0"], [0, 1, 2]],
    ["as many as classes, in the order of names", ["n01", "n02", "n03"], [0, 1, 2]],
  ])("a folder for each class, named by %s", async (_, folders, order) => {
    const files = folders.map((name) => `${name}/x.jpg`);
    write([], files);
    rmSync(path.join(folder, "labels.tsv"));
    const rows = await read();
    expect(rows.map(({ file }) => file)).toEqual([...files].sort());
    expect(rows.map(({ index }) => index)).toEqual(order);
  });

  test.each([
    [
      "a class of another model",
      "labels.txt",
      "a.jpg 1\nb.jpg unicorn\n",
      /line 2: expected a class .*"unicorn"/,
    ],
    [
      "a class in a record after a line break",
      "labels.csv",
      'note,file,label\n"a\nb",a.jpg,1\n,b.jpg,unicorn\n',
      /line 4: expected a class .*"unicorn"/,
    ],
    ["a header without files", "labels.csv", "label,score\n1,2\n", /expected a header with one of file,/],
  ])("%s is named", async (_, table, text, message) => {
    put(table, text);
    await expect(read()).rejects.toThrow(message);
  });
});

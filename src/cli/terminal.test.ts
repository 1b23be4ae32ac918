import { expect, test, vi } from "vitest";
import { markdownTable } from "../bench/markdown.ts";
import { Pace } from "./pace.ts";
import { ProgressBar } from "./progress.ts";
import { svgPlot } from "./svg-plot.ts";
import { json, terminalOf } from "./terminal.ts";

const obeyed = /(?!\n)[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;
const everySign = String.fromCharCode(...Array(0x2100).keys(), 0xd800, 0xdfff, 0xfeff);

test("JSON of every sign is the same text when it is read, and has none that a terminal obeys", () => {
  const text = json({ [everySign]: [everySign] });
  expect(text).not.toMatch(obeyed);
  expect(JSON.parse(text)).toEqual({ [everySign]: [everySign] });
});

function streams(columns?: number) {
  const told: string[] = [];
  const tell = (text: string) => void told.push(text);
  return { told, terminal: terminalOf({ print: tell, tell, columns, signal: new AbortController().signal }) };
}

test("what is printed and told has only line feeds and tabs", () => {
  const { told, terminal } = streams();
  terminal.print(`${everySign}\n`);
  terminal.tell(everySign);
  for (const text of told) expect(text.replaceAll("\t", "")).not.toMatch(obeyed);
  expect(told[0].endsWith("\n")).toBe(true);
});

test.each([5, 12, 40, 120])("a bar in %i columns is one line, whatever its label is", (columns) => {
  const { told, terminal } = streams(columns);
  const bar = new ProgressBar(terminal, "loading \x1b[2J\n\u202e and a name that is rather long");
  for (const done of [0, 1, 2]) bar.update(done, 2);
  bar.clear();
  expect(told.length).toBeGreaterThan(0);
  for (const text of told) {
    expect(text.startsWith("\r\x1b[K")).toBe(true);
    expect(text.slice(4)).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(text.length - 4).toBeLessThan(columns);
  }
});

test("where there is no terminal a bar is a line a minute", () => {
  const clock = vi.spyOn(performance, "now").mockReturnValue(0);
  const { told, terminal } = streams();
  const bar = new ProgressBar(terminal, "evaluating");
  for (const [ms, done] of [
    [1000, 1],
    [59_000, 50],
    [61_000, 60],
    [90_000, 70],
    [122_000, 80],
  ]) {
    clock.mockReturnValue(ms);
    bar.update(done, 100);
  }
  bar.clear();
  expect(told).toEqual(["vit8: evaluating: 60 of 100\n", "vit8: evaluating: 80 of 100\n"]);
  vi.restoreAllMocks();
});

test("a job says how long it will take, once its pictures are counted", () => {
  const clock = vi.spyOn(performance, "now").mockReturnValue(0);
  const { told, terminal } = streams(80);
  const pace = new Pace(terminal);
  clock.mockReturnValue(10_000);
  pace.update(100, 100);
  for (const total of [150, 1300, 100_000]) {
    pace.total = total;
    pace.update(100, 100);
  }
  // 500 of them are from an earlier start, and do not count for the pace.
  pace.total = 1000;
  pace.update(600, 100);
  expect(told.map((line) => line.slice(4))).toEqual([
    "100 images, 10.0 a second",
    "100 of 150 images, 10.0 a second, 5 s left",
    "100 of 1300 images, 10.0 a second, 2 min left",
    "100 of 100000 images, 10.0 a second, 2 h 47 min left",
    "600 of 1000 images, 10.0 a second, 40 s left",
  ]);
  vi.restoreAllMocks();
});

test("tables and plots show strangers' names in a cell, and in well-formed XML", () => {
  const table = markdownTable(["name"], [["a|b\n\x1b[2J"]]);
  expect(table.split("\n")[2]).toBe("| a\\|b\\n\\x1b[2J |");
  const series = [{ name: '<b>&"\x07', points: [{ x: 1, y: 2, title: "<&>" }], line: false }];
  const plot = svgPlot({ title: '"><script>', x: "&", y: "<", scale: "linear", series })!;
  expect(plot).toContain("&lt;b&gt;&amp;&quot;\\x07");
  expect(plot).toContain("<title>&lt;&amp;&gt;</title>");
  expect(plot).not.toMatch(/<script>|<b>|\p{Cc}(?<!\n)/u);
});

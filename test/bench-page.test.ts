/** Untrusted inputs of the bench page: URLs, links, and saved runs to compare. */
import { describe, expect, test } from "vitest";
import { compare } from "../demo/bench/comparison.ts";
import { kernels } from "../demo/bench/pages/kernels.ts";
import { checkedRun } from "../demo/bench/run-format.ts";
import { queryOf, settingsOf } from "../demo/bench/settings.ts";
import { spreadOf } from "../src/bench/statistics.ts";

const presets = { quick: {}, standard: { batch: [1, 8] }, full: {} };
const told = (query: string) => settingsOf(new URLSearchParams(query), presets);

describe("an address", () => {
  test("says over its preset what it says", () => {
    expect(told("preset=standard&models=ti,b").settings).toMatchObject({
      models: ["ti", "b"],
      batch: [1, 8],
    });
    expect(told("preset=standard&batch=4").settings.batch).toEqual([4]);
  });

  test("comes back as it was told", () => {
    const { settings } = told("preset=full&models=s&batch=2,4&size=64&kernel=head&clock=wall");
    const query = queryOf("kernels", settings, kernels.parameters);
    expect(settingsOf(query, presets)).toEqual({ settings, complaints: [] });
  });

  test.each([
    ["preset=huge", "preset"],
    ["models=ti,toString", "models"],
    ["batch=65", "batch"],
    ["batch=0", "batch"],
    ["batch=1,,2", "batch"],
    ["size=100", "size"],
    ["size=99999999999999999999", "size"],
    ["kernel=<b>", "kernel"],
    ["runtime=https://elsewhere.example/ort/", "runtime"],
    ["runtime=//elsewhere.example/ort/", "runtime"],
    ["peers=webgpu-int3", "peers"],
  ])("%s is out of bounds, named and left out", (query, name) => {
    const { settings, complaints } = told(query);
    expect(complaints).toEqual([expect.stringMatching(`^${name}: expected`)]);
    expect(settings).toEqual(told("").settings);
  });
});

const run = {
  format: 1,
  page: "kernels",
  date: "2026-11-23T00:00:00.000Z",
  version: "0.1.0",
  agent: "a browser",
  adapter: {},
  clocks: {},
  settings: {},
  elapsedS: 1,
  cancelled: false,
  rows: [{ kernel: "head", ms: spreadOf([1, 2, 3]) }, { error: "wrong" }],
};

describe("a run from outside", () => {
  test("is believed in its own form", () => expect(checkedRun(run)).toBe(run));

  test.each([
    ["no object", 7],
    ["another format", { ...run, format: 2 }],
    ["no adapter", { ...run, adapter: null }],
    ["rows that are none", { ...run, rows: { length: 1 } }],
    ["too many rows", { ...run, rows: Array(2001).fill({}) }],
    ["a row that is none", { ...run, rows: [null] }],
    ["a time that is no number", { ...run, rows: [{ ms: { ...spreadOf([1]), median: "1" } }] }],
    ["samples that are no numbers", { ...run, rows: [{ ms: { ...spreadOf([1]), samples: ["1"] } }] }],
    ["an error that is no text", { ...run, rows: [{ error: {} }] }],
  ])("is refused with %s", (_, value) => expect(() => checkedRun(value)).toThrow(/cannot be read: \w+/));
});

test("two runs are compared where both have a time, the later over the earlier", () => {
  const row = (kernel: string, samples?: number[]) => ({ kernel, ...(samples && { ms: spreadOf(samples) }) });
  const at = (...rows: object[]) => checkedRun({ ...run, rows });
  const first = at(row("head", [2, 2, 2]), row("gone", [1]), row("failed"));
  const second = at(row("failed", [1]), row("head", [6, 6, 6]), row("new", [1]));
  expect(compare(kernels, first, second)).toEqual([
    expect.objectContaining({ first: 2, second: 6, ratio: 3, low: 3, high: 3 }),
  ]);
});

// A run from outside, a link or a file, believed only where it has the form of one.

import type { Row, Run } from "./bench-page.ts";

const MOST_ROWS = 2000;
const MOST_SAMPLES = 1000;

/** @throws TypeError that says what is invalid. */
export function checkedRun(value: unknown): Run {
  const run = objectOf(value, "run");
  expect(run.format === 1, "format: expected 1");
  for (const name of ["page", "date", "version", "agent"])
    expect(typeof run[name] === "string", `${name}: expected a text`);
  expect(typeof run.elapsedS === "number", "elapsedS: expected a number");
  for (const name of ["adapter", "clocks", "settings"]) objectOf(run[name], name);
  const { rows } = run;
  expect(Array.isArray(rows) && rows.length <= MOST_ROWS, `rows: expected a list of at most ${MOST_ROWS}`);
  (rows as unknown[]).forEach(checkRow);
  return run as unknown as Run;
}

function checkRow(value: unknown): asserts value is Row {
  const { ms, error } = objectOf(value, "row");
  expect(error === undefined || typeof error === "string", "error: expected a text");
  if (ms === undefined) return;
  const { samples, ...numbers } = objectOf(ms, "ms");
  const isNumbers =
    Array.isArray(samples) && samples.length <= MOST_SAMPLES && samples.every(Number.isFinite);
  expect(isNumbers, `samples: expected at most ${MOST_SAMPLES} numbers`);
  for (const name of ["median", "p10", "p90", "n"])
    expect(Number.isFinite(numbers[name]), `${name}: expected a number`);
}

function objectOf(value: unknown, name: string): Record<string, unknown> {
  expect(typeof value === "object" && value !== null && !Array.isArray(value), `${name}: expected an object`);
  return value as Record<string, unknown>;
}

function expect(holds: boolean, words: string): asserts holds {
  if (!holds) throw new TypeError(`The result cannot be read: ${words}`);
}

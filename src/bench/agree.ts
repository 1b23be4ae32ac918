// Whether two ways to run one benchmark give the same times: alternating rounds of both, compared row by row and overall.

import { seeded } from "../testing/cases.ts";
import {
  medianOf,
  quantilesOf,
  type Ratio,
  RESAMPLES,
  resampled,
  type Spread,
  spreadOf,
} from "./statistics.ts";

/** One run: milliseconds of every sample, by the name of the row. */
export type Round = ReadonlyMap<string, readonly number[]>;

export interface AgreeRow {
  readonly name: string;
  /** Over all rounds, so that what drifts between runs is in p10 to p90. */
  readonly first: Spread;
  readonly second: Spread;
  /** The medians' ratio, first over second. */
  readonly ratio: number;
  /** Whether p10 to p90 of the two meet. */
  readonly overlap: boolean;
}

export interface RunsAgree {
  readonly rows: readonly AgreeRow[];
  /** Share of the rows that overlap, 0 to 1. */
  readonly overlapping: number;
  /** The median over the rows' ratios. */
  readonly ratio: Ratio;
}

/** For the rows that every round has. */
export function agreementOfRuns(first: readonly Round[], second: readonly Round[]): RunsAgree {
  const all = [...first, ...second];
  const names = [...(all[0]?.keys() ?? [])].filter((name) => all.every((round) => round.has(name)));
  const rows = names.map((name) => rowOf(name, first, second));
  const overlapping = rows.filter(({ overlap }) => overlap).length / rows.length;
  return { rows, overlapping, ratio: ratioOfRuns(rows, first, second) };
}

function rowOf(name: string, first: readonly Round[], second: readonly Round[]): AgreeRow {
  const [a, b] = [first, second].map((rounds) => spreadOf(rounds.flatMap((round) => round.get(name)!)));
  const overlap = a.p10 <= b.p90 && b.p10 <= a.p90;
  return { name, first: a, second: b, ratio: a.median / b.median, overlap };
}

/**
 * Its interval is the 95% percentile bootstrap of a nested sample: rows are drawn, and rounds, whole as they are, because what
 * slows a machine slows a whole round (Davison and Hinkley, Bootstrap Methods and their Application, 1997, section 3.8).
 */
function ratioOfRuns(rows: readonly AgreeRow[], first: readonly Round[], second: readonly Round[]): Ratio {
  const rng = seeded(1);
  const drawn = <T>(from: readonly T[]) => resampled(rng, from);
  const mediansOf = (rounds: readonly Round[]) =>
    rounds.map((round) => new Map(rows.map(({ name }) => [name, medianOf(round.get(name)!)])));
  const [a, b] = [mediansOf(first), mediansOf(second)];
  const middle = (rounds: readonly ReadonlyMap<string, number>[], name: string) =>
    medianOf(rounds.map((round) => round.get(name)!));
  const ratios = Array.from({ length: RESAMPLES }, () => {
    const [ofFirst, ofSecond] = [drawn(a), drawn(b)];
    return medianOf(drawn(rows).map(({ name }) => middle(ofFirst, name) / middle(ofSecond, name)));
  });
  const [low, high] = quantilesOf(ratios, [0.025, 0.975]);
  return { ratio: medianOf(rows.map(({ ratio }) => ratio)), low, high };
}

/** Scores of the last seconds, as lines of a plot. */
import type { Scores } from "./scoring.ts";

export const SPAN_MS = 10_000;
/** Of the plot, in its own units; 0 is at the bottom. */
export const WIDTH = 100;
export const HEIGHT = 40;

export class History {
  #moments: { readonly atMs: number; readonly scores: Scores }[] = [];

  add(atMs: number, scores: Scores): void {
    this.#moments = this.#moments.filter((moment) => atMs - moment.atMs <= SPAN_MS);
    this.#moments.push({ atMs, scores });
  }

  clear(): void {
    this.#moments = [];
  }

  /** Of a class the points of an SVG polyline, the latest at the right; only of moments at which it was a class. */
  pointsOf(label: string): string {
    const now = this.#moments.at(-1)?.atMs ?? 0;
    return this.#moments
      .flatMap(({ atMs, scores }) => {
        const score = scores.get(label);
        if (score === undefined) return [];
        return `${(WIDTH * (1 - (now - atMs) / SPAN_MS)).toFixed(2)},${(HEIGHT * (1 - score)).toFixed(2)}`;
      })
      .join(" ");
  }
}

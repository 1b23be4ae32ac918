// Where and how a run was made, in words.

import { figure } from "../../src/bench/markdown.ts";
import type { Run } from "./bench-page.ts";
import { PARAMETERS, type Settings } from "./settings.ts";

export function factsOf(run: Run): [name: string, words: string][] {
  const { adapter, agent, clocks, peaks, settings } = run;
  const facts: [string, string][] = [
    ["Adapter", adapterWords(run)],
    ["Browser", agent],
    [
      "Made",
      `${run.date.slice(0, 16).replace("T", " ")} UTC, vit8 ${run.version}, in ${figure(run.elapsedS)} s`,
    ],
    ["Settings", settingsWords(settings)],
    ["Clocks", clockWords(clocks)],
  ];
  if (peaks) {
    const dot = peaks.dotGops ? `int8 dot ${figure(peaks.dotGops)} GOP/s` : "no int8 dot";
    const rest = `f32 ${figure(peaks.floatGops)} GOP/s, copy ${figure(peaks.copyGBs)} GB/s`;
    facts.push(["Ceilings", `${dot}, ${rest}`]);
  }
  const failed = run.rows.filter(({ error }) => error !== undefined).length;
  facts.push(["Rows", `${run.rows.length - failed} checked and timed, ${failed} failed`]);
  const discarded = run.rows.reduce((sum, row) => sum + (row.discarded ?? 0), 0);
  if (discarded > 0) facts.push(["Hidden", `${discarded} samples discarded, because this tab was hidden`]);
  if (run.cancelled) facts.push(["Canceled", "these rows were measured before"]);
  if (adapter.isFallback)
    facts.push(["Note", "a software adapter: correct results at a fraction of the speed"]);
  return facts;
}

export function adapterWords({ adapter: { vendor, architecture, description } }: Run): string {
  return [vendor, architecture, description].filter((name) => name !== "").join(", ");
}

export function settingsWords(settings: Partial<Settings>): string {
  return (Object.keys(PARAMETERS) as (keyof Settings)[])
    .filter((name) => String(settings[name] ?? "") !== "")
    .map((name) => `${name} ${settings[name]}`)
    .join(", ");
}

function clockWords({ kernels, timestampTickNs, wallTickUs }: Run["clocks"]): string {
  const wall = `the wall clock in ticks of ${figure(wallTickUs)} µs`;
  if (kernels === "wall") return `${wall}; GPU timestamps are not used or not available`;
  return `kernels by GPU timestamps in ticks of ${figure(timestampTickNs)} ns; ${wall}`;
}

// The results of `vit8 inspect --cost` as Markdown tables.

import { figure, markdownTable } from "../bench/markdown.ts";
import type { Profile } from "../classifier/engine.ts";
import { percent } from "../classifier/percent.ts";
import type { AdapterFacts } from "../gpu/gpu.ts";
import { type Cost, type CostGroup, intensityOf, type PassCost, sumOf, type VitCost } from "../lower/cost.ts";

/** The output of `--cost --json`, in an array: one for each size. */
export interface CostReport extends Omit<VitCost, "passes"> {
  readonly model: string;
  readonly imageWidth: number;
  readonly imageHeight: number;
  /** Layers that a quantized model keeps in float, with Q, K and V separate. */
  readonly floatLayers: readonly string[];
  /** `ms` with `--measure`. */
  readonly passes: readonly (PassCost & { readonly ms?: number })[];
  /** The two with `--measure`. */
  readonly adapter?: AdapterFacts;
  readonly timedBy?: Profile["source"];
}

export function costTables(reports: readonly CostReport[]): string {
  const parts = reports.flatMap((report) => [
    `${report.model}, ${report.imageWidth}x${report.imageHeight} pixels, ${report.tokens} tokens`,
    "Each operation, all blocks together, one byte per value:",
    operationTable(report),
    "The blocks, by the groups of Kim et al. (2023, table 3):",
    groupTable(report),
    `The passes of vit8 in int8${inFloat(report)}${timing(report)}:`,
    passTable(report),
  ]);
  if (reports.length > 1) parts.push("By size:", sizeTable(reports));
  return `${parts.join("\n\n")}\n`;
}

const inFloat = ({ floatLayers }: CostReport) =>
  floatLayers.length > 0
    ? `, with ${floatLayers.join(", ")} in float32 and without the conversions between the two`
    : "";

const timing = ({ adapter, timedBy }: CostReport) =>
  adapter
    ? `, timed by ${timedBy} on ${adapter.description || `${adapter.vendor} ${adapter.architecture}`}`
    : "";

function operationTable({ operations }: CostReport): string {
  const all = sumOf(operations);
  const parameters = operations.reduce((sum, operation) => sum + operation.parameters, 0);
  const row = (name: string, cost: Cost, own: number) => [
    name,
    megamacs(cost),
    percent(cost.operations / all.operations),
    ...traffic(cost),
    percent(own / parameters),
  ];
  return markdownTable(
    ["operation", "MMAC", "of operations", "MB read", "MB written", "operations a byte", "of parameters"],
    [
      ...operations.map((operation) => row(operation.name, operation, operation.parameters)),
      row("all", all, parameters),
    ],
  );
}

const GROUPS: readonly (readonly [CostGroup, string])[] = [
  ["projections", "Q, K, V and output projections"],
  ["attention", "QKᵀ and PV"],
  ["mlp", "MLP"],
  ["other", "softmax, LayerNorm, GELU, residuals"],
];

function groupTable({ operations }: CostReport): string {
  const groups = GROUPS.map(([group, words]) => ({
    words,
    cost: sumOf(operations.filter((operation) => operation.group === group)),
  }));
  const all = sumOf(groups.map(({ cost }) => cost));
  const rows = [...groups, { words: "all", cost: all }].map(({ words, cost }) => [
    words,
    figure(cost.operations / 1e9),
    percent(cost.operations / all.operations),
    percent(bytesOf(cost) / bytesOf(all)),
    figure(intensityOf(cost)),
  ]);
  return markdownTable(["group", "G operations", "of operations", "of bytes", "operations a byte"], rows);
}

function passTable({ passes }: CostReport): string {
  const totalMs = passes.reduce((sum, { ms = 0 }) => sum + ms, 0);
  const row = (name: string, cost: Cost, ms?: number) => [
    name,
    megamacs(cost),
    ...traffic(cost),
    ...(ms === undefined ? [] : [figure(ms), percent(ms / totalMs)]),
  ];
  const times = totalMs > 0 ? ["ms", "of time"] : [];
  return markdownTable(
    ["pass", "MMAC", "MB read", "MB written", "operations a byte", ...times],
    [...passes.map((pass) => row(pass.name, pass, pass.ms)), row("all", sumOf(passes), totalMs || undefined)],
  );
}

function sizeTable(reports: readonly CostReport[]): string {
  const rows = reports.map(({ imageWidth, tokens, operations, passes }) => {
    const attention = sumOf(operations.filter(({ group }) => group === "attention"));
    const [unfused, fused] = [sumOf(operations), sumOf(passes)];
    return [
      String(imageWidth),
      String(tokens),
      figure(unfused.macs / 1e9),
      percent(attention.macs / unfused.macs),
      figure(bytesOf(unfused) / 1e6),
      figure(bytesOf(fused) / 1e6),
    ];
  });
  return markdownTable(["pixels", "tokens", "GMAC", "in QKᵀ and PV", "MB unfused", "MB as vit8"], rows);
}

const bytesOf = ({ readBytes, writeBytes }: Cost) => readBytes + writeBytes;
const traffic = (cost: Cost) =>
  [cost.readBytes / 1e6, cost.writeBytes / 1e6, intensityOf(cost)].map((value) => figure(value));
const megamacs = ({ macs }: Cost) => (macs ? figure(macs / 1e6) : "");

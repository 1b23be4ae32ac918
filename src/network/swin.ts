// Swin Transformer: Liu et al. 2021, "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows", and version 2: Liu et
// al. 2022, "Swin Transformer V2: Scaling Up Capacity and Resolution".

import { asFields, asInteger, type Fields, field, malformed, type Size } from "../format/fields.ts";
import type { Activation } from "../tensor/activation.ts";
import { type Answers, answers, tokenGrid } from "./block.ts";
import type { Builder } from "./builder.ts";
import { type Dialect, within } from "./names.ts";
import type { Grid, Value } from "./op.ts";
import { rowOfPair, spread } from "./relative-bias.ts";
import { paddingOf, type Windowing, windowsOf } from "./swin-windows.ts";

export interface SwinSpec {
  readonly image: Size;
  /** Pixels along each side of a patch. */
  readonly patch: number;
  readonly stages: readonly StageSpec[];
  readonly qkvBias: boolean;
  readonly eps: number;
  readonly activation: Activation;
  /** 0: no head. */
  readonly classes: number;
  /** Version 2: norms behind attention and MLP, cosines for scores, a bias made by a small MLP. */
  readonly second: boolean;
  readonly windowing: Windowing;
}

export interface StageSpec {
  /** Channels of a token. */
  readonly width: number;
  /** Blocks. */
  readonly depth: number;
  readonly heads: number;
  readonly mlpWidth: number;
  /** Tokens along each side of a window. */
  readonly window: number;
  /** Version 2: the window of the training, if it was another; 0: the same. */
  readonly trainedWindow: number;
}

interface BlockPlace {
  readonly at: string;
  readonly grid: Grid;
  readonly resolution: Grid;
  readonly shifted: boolean;
}

/** For the norms that have no eps of their own in transformers and timm. */
const EPS = 1e-5;
/** Hidden width of the MLP that makes the bias of version 2. */
const BIAS_WIDTH = 512;

/** The forward pass. */
export function swin(spec: SwinSpec, net: Builder): Answers {
  const { image, patch, stages, eps, classes } = spec;
  const { width } = stages[0];
  const pixels = net.patches({ ...image, patch });
  const patches = net.linear("patch", pixels, { out: width, shape: [width, 3, patch, patch] });
  let x = net.norm("patch_norm", patches, EPS);
  let grid = tokenGrid(spec);
  let resolution = grid;
  for (const [i, stage] of stages.entries()) {
    if (i > 0) {
      x = merged(net, spec, `stages.${i - 1}.merge`, x, grid, stage.width);
      [grid, resolution] = [halved(grid, Math.ceil), halved(resolution, Math.floor)];
    }
    for (let j = 0; j < stage.depth; j++) {
      const place = { at: `stages.${i}.blocks.${j}`, grid, resolution, shifted: j % 2 === 1 };
      x = block(net, spec, stage, place, x);
    }
  }
  return answers(net, net.pool("pool", net.norm("norm", x, eps)), classes);
}

const halved = ({ width, height }: Grid, round: (value: number) => number): Grid => ({
  width: round(width / 2),
  height: round(height / 2),
});

function block(net: Builder, spec: SwinSpec, stage: StageSpec, place: BlockPlace, x: Value): Value {
  const { at } = place;
  const { width: out, mlpWidth } = stage;
  const norm = (n: 1 | 2, rows: Value) => net.norm(`${at}.norm${n}`, rows, spec.eps);
  const attended = (rows: Value) => attention(net, spec, stage, place, rows);
  const mlp = (rows: Value) => {
    const hidden = net.linear(`${at}.fc1`, rows, { out: mlpWidth });
    return net.linear(`${at}.fc2`, net.activation(`${at}.gelu`, hidden, spec.activation), { out });
  };
  const residual = (n: 1 | 2, rows: Value, of: (rows: Value) => Value) => {
    const change = spec.second ? norm(n, of(rows)) : of(norm(n, rows));
    return net.add(`${at}.residual${n}`, rows, change, { as: `${at}.${n === 1 ? "middle" : "x"}` });
  };
  return residual(2, residual(1, x, attended), mlp);
}

function attention(net: Builder, spec: SwinSpec, stage: StageSpec, place: BlockPlace, x: Value): Value {
  const { at, grid } = place;
  const { heads, window } = stage;
  const windows = windowsOf(spec.windowing, at, { ...place, window });
  const { size } = windows;
  const padding = paddingOf(spec.windowing, grid, windows);
  const padded = padding ? net.gather(`${at}.padded`, x, padding.pad) : x;
  const part = (name: string, bias = spec.qkvBias) =>
    net.linear(`${at}.${name}`, padded, { parts: heads, bias });
  const [q, k, v] = [part("query"), part("key", spec.qkvBias && !spec.second), part("value")];
  const scores = spec.second
    ? { bias: madeBias(net, at, stage, size), cosine: true, scale: scaleOf(net, at, heads) }
    : { bias: gatheredBias(net, at, heads, size) };
  const mixed = net.attention(`${at}.attention`, q, k, v, { windows, ...scores });
  return net.linear(`${at}.proj`, padding ? net.gather(`${at}.cropped`, mixed, padding.crop) : mixed);
}

/** Four neighbors, side by side, become one row of `out` channels; beyond an odd grid there are zeros. */
function merged(net: Builder, spec: SwinSpec, at: string, x: Value, grid: Grid, out: number): Value {
  const index: number[] = [];
  for (let y = 0; y < grid.height; y += 2)
    for (let column = 0; column < grid.width; column += 2)
      for (const [dx, dy] of [[0, 0], [0, 1], [1, 0], [1, 1]]) // biome-ignore format: a table
        index.push(
          y + dy < grid.height && column + dx < grid.width ? (y + dy) * grid.width + column + dx : -1,
        );
  const four = net.gather(`${at}.neighbors`, x, index, 4);
  const reduced = (rows: Value) => net.linear(`${at}.reduction`, rows, { out, bias: false });
  const normed = (rows: Value) => net.norm(`${at}.norm`, rows, EPS);
  return spec.second ? normed(reduced(four)) : reduced(normed(four));
}

/** The table's row for each pair of a window's tokens, [heads, window, window]: by how far they are apart (section 3.2). */
function gatheredBias(net: Builder, at: string, heads: number, size: Grid): string {
  const table = `${at}.bias_table`;
  const rows = (2 * size.height - 1) * (2 * size.width - 1);
  return net.derived({
    name: `${at}.bias`,
    shape: [heads, size.width * size.height, size.width * size.height],
    from: { [table]: [rows, heads] },
    make: (values) => byPair(values[table], heads, size),
  });
}

/** By the row of each pair: [rows, heads] to [heads, window, window]. */
const byPair = (table: Float32Array, heads: number, size: Grid) =>
  spread(table, heads, size.width * size.height, (query, key) => rowOfPair(query, key, size));

/** Version 2, equations 3 and 4: an MLP of the distances on a logarithmic scale, its result in 16 sigmoid(...). */
function madeBias(net: Builder, at: string, stage: StageSpec, size: Grid): string {
  const { heads, trainedWindow } = stage;
  const [hidden, shift, last] = [`${at}.bias_mlp1.weight`, `${at}.bias_mlp1.bias`, `${at}.bias_mlp2.weight`];
  return net.derived({
    name: `${at}.bias`,
    shape: [heads, size.width * size.height, size.width * size.height],
    from: { [hidden]: [BIAS_WIDTH, 2], [shift]: [BIAS_WIDTH], [last]: [heads, BIAS_WIDTH] },
    make(values) {
      const distances = [size.height, size.width].map((side) => logarithmic(side, trainedWindow || side));
      const rows = distances[0].flatMap((down) => distances[1].map((across) => [down, across]));
      const table = new Float32Array(rows.length * heads);
      for (const [i, [down, across]] of rows.entries()) {
        const active = Array.from({ length: BIAS_WIDTH }, (_, k) =>
          Math.max(0, values[hidden][2 * k] * down + values[hidden][2 * k + 1] * across + values[shift][k]),
        );
        for (let head = 0; head < heads; head++) {
          const sum = active.reduce(
            (total, value, k) => total + value * values[last][head * BIAS_WIDTH + k],
            0,
          );
          table[i * heads + head] = 16 / (1 + Math.exp(-sum));
        }
      }
      return byPair(table, heads, size);
    },
  });
}

/** Distances from -(side - 1) to side - 1, as sign(x) log2(1 + |8 x / (trained - 1)|) / log2(8). */
function logarithmic(side: number, trained: number): number[] {
  return Array.from({ length: 2 * side - 1 }, (_, i) => {
    const distance = ((i - side + 1) * 8) / Math.max(1, trained - 1);
    return (Math.sign(distance) * Math.log2(Math.abs(distance) + 1)) / 3;
  });
}

/** Version 2: what cosines are multiplied by, at most 100. */
function scaleOf(net: Builder, at: string, heads: number): string {
  const logarithm = `${at}.logit_scale`;
  return net.derived({
    name: `${at}.scale`,
    shape: [heads],
    from: { [logarithm]: [heads, 1, 1] },
    make: (values) => values[logarithm].map((value) => Math.exp(Math.min(value, Math.log(100)))),
  });
}

/** The stages in a config, by transformers' names, which are also timm's except for `window_size`. */
export function readStages(fields: Fields, windows: unknown, trained: unknown): StageSpec[] {
  const width = asInteger(field(fields, "embed_dim") ?? 96, "embed_dim", 1, 4096);
  const depths = asList(field(fields, "depths") ?? [2, 2, 6, 2], "depths");
  const heads = asList(field(fields, "num_heads") ?? [3, 6, 12, 24], "num_heads");
  if (depths.length !== heads.length || depths.length > 6)
    throw malformed("num_heads", `${depths.length} numbers, at most 6, as depths has`, heads.length);
  const each = (value: unknown, i: number) => (Array.isArray(value) ? value[i] : value);
  return depths.map((depth, i) => ({
    width: width * 2 ** i,
    depth: asInteger(depth, "depths", 1, 64),
    heads: asInteger(heads[i], "num_heads", 1, 256),
    mlpWidth: Math.floor(width * 2 ** i * ratio(each(field(fields, "mlp_ratio") ?? 4, i))),
    window: asInteger(each(windows, i), "window_size", 1, 64),
    trainedWindow: asInteger(each(trained, i), "pretrained_window_sizes", 0, 64),
  }));
}

function ratio(value: unknown): number {
  if (typeof value === "number" && value > 0 && value <= 16) return value;
  throw malformed("mlp_ratio", "a number from 0 to 16", value);
}

function asList(value: unknown, who: string): unknown[] {
  if (Array.isArray(value)) return value;
  return Object.values(asFields(value, who));
}

/** The names of timm, of which version 2 has biases of their own. */
export function timmNames({ stages }: SwinSpec): Dialect {
  const merges = stages
    .slice(1)
    .flatMap((_, i) =>
      ["norm", "reduction"].map((name) => [
        `stages.${i}.merge.${name}`,
        `layers.${i + 1}.downsample.${name}`,
      ]),
    );
  return {
    patch: "patch_embed.proj",
    patch_norm: "patch_embed.norm",
    norm: "norm",
    head: "head.fc",
    ...Object.fromEntries(merges),
    ...within("stages.*.blocks.*", "layers.*.blocks.*", {
      norm1: "norm1",
      "query|key|value": "attn.qkv",
      "query.bias": "attn.q_bias",
      "value.bias": "attn.v_bias",
      bias_table: "attn.relative_position_bias_table",
      logit_scale: "attn.logit_scale",
      bias_mlp1: "attn.cpb_mlp.0",
      bias_mlp2: "attn.cpb_mlp.2",
      proj: "attn.proj",
      norm2: "norm2",
      fc1: "mlp.fc1",
      fc2: "mlp.fc2",
    }),
  };
}

/** The names of transformers; `inside` are those of attention and MLP. */
export function transformersNames(inside: Dialect): Dialect {
  return {
    patch: "embeddings.patch_embeddings.projection",
    patch_norm: "embeddings.norm",
    norm: "layernorm",
    head: "classifier",
    ...within("stages.*.merge", "encoder.layers.*.downsample", { norm: "norm", reduction: "reduction" }),
    ...within("stages.*.blocks.*", "encoder.layers.*.blocks.*", {
      norm1: "layernorm_before",
      norm2: "layernorm_after",
      ...inside,
    }),
  };
}

/** The names that save_pretrained writes. */
export const SAVED: Dialect = {
  query: "attention.self.query",
  key: "attention.self.key",
  value: "attention.self.value",
  proj: "attention.output.dense",
  bias_table: "attention.self.relative_position_bias_table",
  logit_scale: "attention.self.logit_scale",
  bias_mlp1: "attention.self.continuous_position_bias_mlp.0",
  bias_mlp2: "attention.self.continuous_position_bias_mlp.2",
  fc1: "intermediate.dense",
  fc2: "output.dense",
};
/** The names of the modules of transformers 5. */
export const MODULES: Dialect = {
  query: "attention.q_proj",
  key: "attention.k_proj",
  value: "attention.v_proj",
  proj: "attention.o_proj",
  bias_table: "attention.relative_position_bias.relative_position_bias_table",
  fc1: "mlp.fc1",
  fc2: "mlp.fc2",
};

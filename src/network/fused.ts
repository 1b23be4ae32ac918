// A network as a machine computes it: with as few operations as the passes allow, on as few rows as the outputs need.

import { UnsupportedModelError } from "../errors/errors.ts";
import type { FusedOp, Network, Norm, Op, Value } from "./op.ts";
import { deadRows, idleRows } from "./rewrite/dead-rows.ts";
import { foldTable } from "./rewrite/fold-table.ts";
import { fuse } from "./rewrite/fuse.ts";
import { meanOfHeads } from "./rewrite/mean-of-heads.ts";
import { mergeQkv } from "./rewrite/merge-qkv.ts";
import { withValues } from "./rewrite/with-values.ts";

/** Operations that rewrites must merge into others. */
const UNFUSED: readonly string[] = ["tokens", "mean"] satisfies Exclude<Op["kind"], FusedOp["kind"]>[];

/** Outputs have the names of the outputs. @throws UnsupportedModelError for an operation that no pass computes. */
export function fused(network: Network): Network<FusedOp> {
  const rewrites = [mergeQkv, foldTable, fuse, meanOfHeads];
  const rewritten = rewrites.reduce((net, rewrite) => rewrite(net), network);
  const other = rewritten.ops.find((op) => UNFUSED.includes(op.kind) || (op.kind === "add" && op.scale));
  if (other)
    throw new UnsupportedModelError(
      `${other.name}: expected an operation that a pass computes, got an unfused ${other.kind}.`,
    );
  return named(idleRows(deadRows(rewritten as Network<FusedOp>)));
}

/** Whether the core alone computes it: kinds, and number formats that follow from them, are those of a ViT with a class token. */
export function isPlain({ ops, outputs }: Network<FusedOp>): boolean {
  const isAnswer = (value: Value) => Object.values(outputs).includes(value);
  const makers = new Map(ops.map((op) => [op.out, op]));
  const isLinear = (value: Value, adds: boolean) => {
    const op = makers.get(value);
    return op?.kind === "linear" && (op.reads.length > 1 || !!op.table) === adds;
  };
  const isMade = (value: Value, ...kinds: string[]) => kinds.includes(makers.get(value)!.kind);
  return ops.every((op) => {
    if (op.kind === "patches") return true;
    if (op.kind === "attention") return isLinear(op.reads[0], false);
    // The stream's values are sums.
    if (op.kind === "norm") return isLinear(op.reads[0], true);
    if (op.kind !== "linear") return false;
    const [x, addend] = op.reads;
    if (addend) return isLinear(addend, true) && (isMade(x, "attention") || isLinear(x, false));
    if (op.table) return isMade(x, "patches");
    return isMade(x, "norm") && isAnswer(x) === isAnswer(op.out);
  });
}

/** A norm whose output is the start of the residual stream, such as CLIP's before the blocks. */
export function normedStream({ ops }: Network<FusedOp>): Norm | undefined {
  const isStream = (value: Value) =>
    ops.some(({ kind, reads }) => (kind === "linear" ? reads[1] : kind === "norm" && reads[0]) === value);
  return ops.find((op): op is Norm => op.kind === "norm" && isStream(op.out));
}

/** Restores the names of outputs; an activation alone has another name than its input. */
function named(network: Network<FusedOp>): Network<FusedOp> {
  const names = new Map([
    ...network.ops.filter(({ kind }) => kind === "activation").map(({ name, out }) => [out, name] as const),
    ...Object.entries(network.outputs).map(([name, value]) => [value, name] as const),
  ]);
  return withValues(network, (value) => ({ ...value, name: names.get(value) ?? value.name }));
}

// A network as a machine computes it: as few operations as a pass can do at once, on as few rows as are asked for.

import { UnsupportedModelError } from "../errors/errors.ts";
import type { FusedOp, Network, Op } from "./op.ts";
import { deadRows, firstRows } from "./rewrite/dead-rows.ts";
import { foldTable } from "./rewrite/fold-table.ts";
import { fuse } from "./rewrite/fuse.ts";
import { meanOfHeads } from "./rewrite/mean-of-heads.ts";
import { mergeQkv } from "./rewrite/merge-qkv.ts";
import { withValues } from "./rewrite/with-values.ts";

const FUSED = ["patches", "linear", "norm", "attention"] satisfies readonly FusedOp["kind"][];

/** Outputs have the names of the outputs. @throws UnsupportedModelError for an operation that no pass computes. */
export function fused(network: Network): Network<FusedOp> {
  const rewrites = [mergeQkv, foldTable, fuse, meanOfHeads, firstRows];
  const rewritten = rewrites.reduce((net, rewrite) => rewrite(net), network);
  const other = rewritten.ops.find((op) => !isFused(op));
  if (other)
    throw new UnsupportedModelError(
      `${other.name}: expected ${FUSED}, got ${other.kind}, which no pass computes`,
    );
  return withNamedOutputs(deadRows(rewritten as Network<FusedOp>));
}

const isFused = (op: Op): op is FusedOp => (FUSED as readonly string[]).includes(op.kind);

function withNamedOutputs(network: Network<FusedOp>): Network<FusedOp> {
  const names = new Map(Object.entries(network.outputs).map(([name, value]) => [value, name]));
  return withValues(network, (value) => ({ ...value, name: names.get(value) ?? value.name }));
}

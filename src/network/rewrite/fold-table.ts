// The embedding's addends of each row as one table: positions, with the learned tokens and the patches' bias on their rows.

import type { AddTable, Network, Op, Segment, Tokens } from "../op.ts";

/** The patches' product makes the rows of the learned tokens as well, from empty rows around the patches. */
export function foldTable(network: Network): Network {
  const { ops, outputs } = network;
  const patches = ops.find((op) => op.kind === "patches");
  const linear = ops.find((op) => op.kind === "linear" && op.reads[0] === patches?.out);
  if (patches?.kind !== "patches" || linear?.kind !== "linear") return network;
  const folded = new Set<Op>();
  let segments: readonly Segment[] = [{ rows: patches.out.rows, added: [] }];
  let { out } = linear;
  for (;;) {
    const [next, ...others] = ops.filter(({ reads }) => (reads as readonly unknown[]).includes(out));
    const isPlain = others.length === 0 && !Object.values(outputs).includes(out);
    const more = isPlain && next ? segmentsAfter(segments, next) : undefined;
    if (!more) break;
    segments = more;
    out = next.out;
    folded.add(next);
  }
  const from = { ...patches.out, rows: out.rows };
  const first = rowsOf(segments.slice(0, patchesAt(segments)));
  const replaced = ops.map((op): Op => {
    if (op === patches) return { ...patches, out: from, first };
    return op === linear ? { ...linear, reads: [from], out, table: { segments, grid: patches.grid } } : op;
  });
  return { ops: replaced.filter((op) => !folded.has(op)), outputs };
}

const rowsOf = (segments: readonly Segment[]) => segments.reduce((sum, { rows }) => sum + rows, 0);
export const patchesAt = (segments: readonly Segment[]) => segments.findIndex(({ learnt }) => !learnt);

function segmentsAfter(segments: readonly Segment[], op: Op): readonly Segment[] | undefined {
  if (op.kind === "tokens") return withTokens(segments, op);
  return op.kind === "table" ? withTable(segments, op) : undefined;
}

/** Undefined if they would be within a segment. */
function withTokens(segments: readonly Segment[], { tokens, at }: Tokens): readonly Segment[] | undefined {
  const place = segmentAt(segments, at);
  const learnt = tokens.map(({ name, rows }) => ({ rows, learnt: name, added: [] }));
  return place === undefined ? undefined : segments.toSpliced(place, 0, ...learnt);
}

/** Undefined where the table begins or ends within a segment. */
function withTable(segments: readonly Segment[], op: AddTable): readonly Segment[] | undefined {
  const { table, antialias, first, count } = op;
  const [from, to] = [segmentAt(segments, first), segmentAt(segments, first + count)];
  if (from === undefined || to === undefined) return undefined;
  return segments.map((segment, i) => {
    if (i < from || i >= to) return segment;
    const added = { table, antialias, first: rowsOf(segments.slice(from, i)) };
    return { ...segment, added: [...segment.added, added] };
  });
}

/** The segment that begins at a row. */
function segmentAt(segments: readonly Segment[], row: number): number | undefined {
  const place = Array.from({ length: segments.length + 1 }, (_, i) => rowsOf(segments.slice(0, i))).indexOf(
    row,
  );
  return place < 0 ? undefined : place;
}

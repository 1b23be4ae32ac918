import type { KernelCases } from "../testing/cases.ts";
import { type GatherRowsProblem, gatherRows } from "./gather-rows.ts";

const problem = (images: number, rows: number, more: Partial<GatherRowsProblem> = {}): GatherRowsProblem => ({
  ...{ images, rows, columns: 64, pieces: 1, width: 64, xRows: 9, xColumns: 64 },
  ...more,
});

/** Rows of x, which an image has to itself or shares. */
const rowsOf = ({ images, xRows, rows, pieces }: GatherRowsProblem) =>
  xRows ? images * xRows : rows * pieces;

export default {
  kernel: gatherRows,
  problems: [
    { name: "one row", problem: problem(1, 1) },
    { name: "seven pictures", problem: problem(7, 5, { columns: 192, width: 192, xColumns: 192 }) },
    { name: "the same x for all pictures", problem: problem(3, 2, { xRows: 0 }) },
    {
      name: "merged patches of Swin-T",
      problem: problem(2, 49, { columns: 384, pieces: 4, width: 96, xRows: 196, xColumns: 128 }),
    },
    { name: "a row of zeros", problem: problem(2, 8, { pieces: 2, width: 32, xRows: 5 }) },
    { name: "a gap behind the pieces", problem: problem(1, 3, { pieces: 3, width: 12, columns: 64 }) },
  ],
  inputs: (p, rng) => ({
    x: rng.f32(rowsOf(p) * p.xColumns),
    index: Float32Array.from({ length: p.rows * p.pieces }, (_, i) =>
      p.xRows === 5 && i % 3 === 0 ? -1 : (i * 5 + 2) % (p.xRows || p.rows),
    ),
  }),
  outputs: ({ images, rows, columns }) => ({ out: { type: "f32", length: images * rows * columns } }),
  reference: ({ images, rows, columns, pieces, width, xRows, xColumns }, { x, index }) => ({
    out: Float64Array.from({ length: images * rows * columns }, (_, i) => {
      const [column, row] = [i % columns, Math.floor(i / columns)];
      const piece = Math.floor(column / width);
      if (piece >= pieces) return 0;
      const stored = index[(row % rows) * pieces + piece];
      if (stored < 0) return 0;
      const from = Math.floor(row / rows) * xRows + stored;
      return x[from * xColumns + (column % width)];
    }),
  }),
  // a copy
  tolerance: { out: { abs: 0, rel: 0 } },
} satisfies KernelCases<GatherRowsProblem>;

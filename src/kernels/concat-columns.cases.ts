import type { HostArray, KernelCases } from "../testing/cases.ts";
import { type ConcatColumnsProblem, concatColumns } from "./concat-columns.ts";

const side = (rows: number, width: number, columns = width) => ({ rows, width, columns });

export default {
  kernel: concatColumns,
  problems: [
    { name: "one row", problem: { images: 1, rows: 1, columns: 128, x: side(1, 64), y: side(1, 64) } },
    {
      name: "padded",
      problem: { images: 3, rows: 2, columns: 192, x: side(2, 96, 128), y: side(2, 48, 64) },
    },
    { name: "of more rows", problem: { images: 7, rows: 1, columns: 384, x: side(5, 192), y: side(1, 192) } },
  ],
  inputs: ({ images, x, y }, rng) => ({
    x: rng.f32(images * x.rows * x.columns),
    y: rng.f32(images * y.rows * y.columns),
  }),
  outputs: ({ images, rows, columns }) => ({ out: { type: "f32", length: images * rows * columns } }),
  reference: ({ images, rows, columns, x, y }, given) => ({
    out: Float64Array.from({ length: images * rows * columns }, (_, i) => {
      const [column, row, image] = [
        i % columns,
        Math.floor(i / columns) % rows,
        Math.floor(i / columns / rows),
      ];
      const at = (values: HostArray, side: { rows: number; columns: number }, c: number) =>
        values[(image * side.rows + row) * side.columns + c];
      if (column < x.width) return at(given.x, x, column);
      return column < x.width + y.width ? at(given.y, y, column - x.width) : 0;
    }),
  }),
  // a copy
  tolerance: { out: { abs: 0, rel: 0 } },
} satisfies KernelCases<ConcatColumnsProblem>;

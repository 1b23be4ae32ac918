import type { KernelCases } from "../testing/cases.ts";
import { type MeanRowsProblem, meanRows } from "./mean-rows.ts";

export default {
  kernel: meanRows,
  problems: [
    { name: "one row", problem: { images: 1, columns: 64, xRows: 1, first: 0, count: 1 } },
    { name: "a prime", problem: { images: 7, columns: 64, xRows: 13, first: 2, count: 11 } },
    { name: "not the last rows", problem: { images: 2, columns: 128, xRows: 9, first: 1, count: 5 } },
    { name: "patches of ViT-B", problem: { images: 1, columns: 768, xRows: 197, first: 1, count: 196 } },
  ],
  inputs: ({ images, columns, xRows }, rng) => ({ x: rng.f32(images * xRows * columns, 4) }),
  outputs: ({ images, columns }) => ({ out: { type: "f32", length: images * columns } }),
  reference: ({ images, columns, xRows, first, count }, { x }) => ({
    out: Float64Array.from({ length: images * columns }, (_, i) => {
      let sum = 0;
      for (let row = first; row < first + count; row++)
        sum += x[(Math.floor(i / columns) * xRows + row) * columns + (i % columns)];
      return sum / count;
    }),
  }),
  // 196 additions of values below 4 in f32, of which sums stay below 400: 196 * 2^-24 * 400 / 196
  tolerance: { out: { abs: 3e-5, rel: 0 } },
} satisfies KernelCases<MeanRowsProblem>;

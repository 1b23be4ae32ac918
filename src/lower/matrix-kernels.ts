// The int8 kernels for GPUs whose matrix units the browser supports, in addition to those for GPUs. Loaded if it does.

import { gemmInt8Matrix } from "../kernels/gemm-int8-matrix.ts";
import type { Int8Kernels } from "./kernels.ts";

/** Behind those of `kernels`, so that the first guess is one that has run before: measuring finds out about the others. */
export function matrixKernels(kernels: Int8Kernels): Int8Kernels {
  const { groups, row } = kernels.gemm;
  const matrix = gemmInt8Matrix;
  return {
    ...kernels,
    gemm: {
      groups: {
        add: [...groups.add, matrix.groups.add],
        store: [...groups.store, matrix.groups.store],
      },
      row: {
        store: [...row.store, matrix.row.store],
        quantize: [...row.quantize, matrix.row.quantize],
      },
    },
  };
}

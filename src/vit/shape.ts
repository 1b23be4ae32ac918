// Every padded length of a Vision Transformer in memory, in one place.

import { patchGrid, type VitArchitecture } from "../format/config.ts";
import { roundUp } from "../gpu/kernel.ts";
import { channelStride } from "../image/patches.ts";
import { groupsPerHead } from "../kernels/attention.ts";
import { GROUP } from "../kernels/gemm.ts";

export interface VitShape {
  /** Tokens of one picture: class, distillation, patches. */
  readonly tokens: number;
  readonly patches: number;
  /** Tokens that the head, or an embedding, reads: the first one, or two in a distilled DeiT with two heads. */
  readonly readout: number;
  /** Values of one patch: three channels, each padded to 64. */
  readonly patchValues: number;
  /** Hidden size, padded to 64. */
  readonly width: number;
  /** Columns of one head: its dim padded to 64. */
  readonly headStride: number;
  /** Columns of Q, of K and of V: heads * headStride. */
  readonly attentionWidth: number;
  /** Columns between FC1 and FC2, padded to 64. */
  readonly mlpWidth: number;
  /** Padded to 64; 0 without a head. */
  readonly classes: number;
}

export function vitShape(architecture: VitArchitecture): VitShape {
  const { width, heads, headDim, mlpWidth, classes, patchSize, prefixTokens, headsCount } = architecture;
  const grid = patchGrid(architecture);
  const patches = grid.width * grid.height;
  const headStride = groupsPerHead(headDim) * GROUP;
  return {
    tokens: prefixTokens + patches,
    patches,
    readout: classes ? headsCount : 1,
    patchValues: 3 * channelStride(patchSize),
    width: roundUp(width, GROUP),
    headStride,
    attentionWidth: heads * headStride,
    mlpWidth: roundUp(mlpWidth, GROUP),
    classes: roundUp(classes, GROUP),
  };
}

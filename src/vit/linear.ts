// Where each linear layer of a checkpoint goes in the packed weights: rows and columns, with what is padded between.

import type { VitArchitecture } from "../format/config.ts";
import type { CanonicalName } from "../format/names.ts";
import type { VitShape } from "./shape.ts";

/** A stretch of input columns that stays together: `length` values from `from` in the file to `to` in memory. */
export interface Run {
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

export interface LinearLayout {
  /** The packed weight this tensor is a part of: `blocks.0.qkv` for `blocks.0.query`. */
  readonly target: string;
  /** Output channels and input values of the target, padded. */
  readonly n: number;
  readonly k: number;
  /** Rows of the file's tensors that complete the target. */
  readonly rowsInAll: number;
  /** Row of the file -> output channel of the target. */
  readonly channel: (row: number) => number;
  readonly runs: readonly Run[];
  /** Of the patch embedding: pixels across, of each of the planes that a row is. */
  readonly side?: number;
  /** Which of the target's tables of scales: 1 for a second head. */
  readonly part: number;
}

const BLOCK = /^(blocks\.\d+)\.(\w+)$/;
const PARTS = ["query", "key", "value"];

/** The layout of a linear layer by its canonical stem, such as `blocks.3.fc1`; undefined for what is not linear. */
export function linearLayout(
  stem: CanonicalName,
  architecture: VitArchitecture,
  shape: VitShape,
): LinearLayout | undefined {
  const { width, mlpWidth, classes, patchSize } = architecture;
  const plain = (target: string, rows: number, n: number, columns: number, k: number): LinearLayout => ({
    target,
    n,
    k,
    rowsInAll: rows,
    channel: (row) => row,
    runs: [{ from: 0, to: 0, length: columns }],
    part: 0,
  });
  if (stem === "patch")
    return {
      ...plain("patch", width, shape.width, 0, shape.patchValues),
      runs: evenRuns(3, patchSize * patchSize, shape.patchValues / 3),
      side: patchSize,
    };
  if (stem === "head" || stem === "head_distillation") {
    const part = stem === "head" ? 0 : 1;
    return {
      ...plain("head", classes * shape.readout, shape.classes, width, shape.width * shape.readout),
      runs: [{ from: 0, to: part * shape.width, length: width }],
      part,
    };
  }
  const [, block, name] = BLOCK.exec(stem) ?? [];
  const target = `${block}.${name}`;
  if (name === "qkv" || PARTS.includes(name))
    return {
      ...plain(`${block}.qkv`, 3 * width, 3 * shape.attentionWidth, width, shape.width),
      channel: attentionChannel(architecture, shape, Math.max(0, PARTS.indexOf(name))),
    };
  if (name === "proj")
    return {
      ...plain(target, width, shape.width, width, shape.attentionWidth),
      runs: evenRuns(architecture.heads, architecture.headDim, shape.headStride),
    };
  if (name === "fc1") return plain(target, mlpWidth, shape.mlpWidth, width, shape.width);
  if (name === "fc2") return plain(target, width, shape.width, mlpWidth, shape.mlpWidth);
  return undefined;
}

function evenRuns(count: number, length: number, stride: number): Run[] {
  if (length === stride) return [{ from: 0, to: 0, length: count * length }];
  return Array.from({ length: count }, (_, i) => ({ from: i * length, to: i * stride, length }));
}

/** Row `part`, head, d of Q, K and V -> its column in memory, where heads are padded to whole groups. */
function attentionChannel(
  { width, headDim }: VitArchitecture,
  { attentionWidth, headStride }: VitShape,
  part: number,
) {
  return (row: number) => {
    const column = row % width;
    return (
      (part + Math.floor(row / width)) * attentionWidth +
      Math.floor(column / headDim) * headStride +
      (column % headDim)
    );
  };
}

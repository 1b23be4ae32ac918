// The quantization of a folder, as fields and in words.

import { inLine } from "../errors/visible.ts";
import type { Quantization } from "../format/quantization-config.ts";

export interface QuantizationFacts {
  /** Bits of weights and activations, such as `w4a8`. */
  readonly bits: string;
  /** Inputs of a weight that share a multiple of its channel's scale; null: one scale per output channel. */
  readonly groupSize: number | null;
  /** `static`: calibration settled the levels of activations. `dynamic`: each token has a scale, made at run time. */
  readonly activations: "static" | "dynamic";
  /** The calibration method; null if the folder does not record it. */
  readonly method: string | null;
  readonly source: string | null;
  readonly images: number | null;
  readonly seed: number | null;
  /** Layers in float, and layers with 8 bits if the others have fewer. */
  readonly float: readonly string[];
  readonly int8: readonly string[];
}

export function quantizationFacts(quantization: Quantization): QuantizationFacts {
  const { bits, activationBits, groupSize = null, calibration, notes = {}, ignore, int8 = [] } = quantization;
  const { method, source, images, seed } = notes;
  return {
    bits: `w${bits}a${activationBits}`,
    groupSize,
    activations: calibration ? "static" : "dynamic",
    method: typeof method === "string" ? method : null,
    source: typeof source === "string" ? source : null,
    images: typeof images === "number" ? images : null,
    seed: typeof seed === "number" ? seed : null,
    float: layersIn(ignore),
    int8: layersIn(int8),
  };
}

/** The names that `quantize --keep` accepts: Q, K and V are one layer. */
const layersIn = (names: readonly string[]) => [
  ...new Set(names.map((name) => name.replace(/(\bblocks\.\d+)\.(?:query|key|value)$/, "$1.qkv"))),
];

/** Lines for a person; undefined is a float folder. */
export function quantizationWords(quantization: Quantization | undefined): string {
  if (!quantization)
    return "float file, weights are quantized to int8 at load: one scale per output channel\nint8 activations: one scale per token, computed at run time";
  const { groupSize, activations, method, source, images, seed, float, int8 } =
    quantizationFacts(quantization);
  const { bits, activationBits } = quantization;
  const groups = groupSize ? `, times a multiple for each ${groupSize} inputs` : "";
  // Kernels read int8 for every width in the file.
  const unpacked = bits < 8 ? `; int8 in memory` : "";
  return [
    `${bits}-bit weights in the file: one scale per output channel${groups}${unpacked}`,
    activations === "static"
      ? `${activationBits}-bit activations: static, calibrated`
      : `${activationBits}-bit activations: one scale per token, computed at run time (dynamic)`,
    ...(method ? [inLine([`method ${method}`, ...(source ? [source] : [])].join(": "))] : []),
    ...(images ? [`calibrated on ${images} images${seed === null ? "" : `, seed ${seed}`}`] : []),
    ...(float.length > 0 ? [inLine(`in float: ${float.join(", ")}`)] : []),
    ...(int8.length > 0 ? [inLine(`in int8: ${int8.join(", ")}`)] : []),
  ].join("\n");
}

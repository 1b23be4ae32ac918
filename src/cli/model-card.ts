// The README.md of a quantized folder: the source of the weights and how they were quantized.

import { existsSync } from "node:fs";
import { basename } from "node:path";
import { inLine } from "../errors/visible.ts";
import type { Quantization } from "../format/quantization-config.ts";
import type { OpenModel } from "./model.ts";
import { quantizationFacts, quantizationWords } from "./quantization-words.ts";
import { shapeOf } from "./shape-of.ts";

/**
 * @param model the float model
 * @param quantization the `quantization_config` of the quantized one
 * @param withoutText why it has no text tower, if the float model has one
 */
export function modelCard(model: OpenModel, quantization: Quantization, withoutText?: string): string {
  const { folder, name, input, network, labels } = model;
  const source = sourceOf(folder.id);
  const { bits } = quantizationFacts(quantization);
  const facts = quantizationWords(quantization).split("\n");
  return `# ${source}, ${bits === "w8a8" ? "int8" : bits}

Made from the float model \`${source}\` by \`vit8 quantize\`; its authors, data and license are those of that model.

- ${name}: ${input.width}x${input.height} pixels, patch ${input.patch}, ${shapeOf(network)}, ${labels.length} classes.
${facts.map((fact) => `- ${fact[0].toUpperCase()}${fact.slice(1)}.`).join("\n")}
- The files follow the compressed-tensors convention. What is not the weight of a linear layer or of the patch embedding is F32.
${withoutText ? `- ${inLine(withoutText)}\n` : ""}`;
}

/** A directory is named by its last part: the rest of its path is private. */
export const sourceOf = (id: string) => inLine(existsSync(id) ? basename(id) : id);

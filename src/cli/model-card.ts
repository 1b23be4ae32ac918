// The README.md of an int8 folder: where the weights are from and what was done to them.

import { basename } from "node:path";
import { inLine } from "../errors/visible.ts";
import type { OpenModel } from "./model.ts";
import { shapeOf } from "./shape-of.ts";

/** A directory is named by its last part: the rest of its path is nobody's business. */
export function modelCard({ folder, name, input, network, labels }: OpenModel): string {
  const source = inLine(/^[./]|^[a-z]:\\/i.test(folder.id) ? basename(folder.id) : folder.id);
  return `# ${source}, int8

Made from the float model \`${source}\` by \`vit8 quantize\`; its authors, data and license are those of that model.

- ${name}: ${input.width}x${input.height} pixels, patch ${input.patch}, ${shapeOf(network)}, ${labels.length} classes.
- Weights of linear layers and of the patch embedding: int8, symmetric, one scale per output channel (largest magnitude / 127,
  round to nearest), in the compressed-tensors convention: \`*.weight\` I8, \`*.weight_scale\` F32 [out, 1]. All else is F32.
- Activations are quantised at run time, one scale per token: no calibration data was used.
`;
}

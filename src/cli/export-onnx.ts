// `vit8 export-onnx`: the same model as an ONNX file, for other runtimes to be compared with.

import { checkOutput, writeWhole } from "../node/write-file.ts";
import { floatTensors } from "../onnx/float-tensors.ts";
import { FORMATS } from "../onnx/linear.ts";
import { onnxModel } from "../onnx/model.ts";
import { byteLengthOf } from "../onnx/protobuf.ts";
import type { Command } from "./command.ts";
import { HUB, hubFrom, openChecked } from "./model.ts";
import { onnxMetadata } from "./onnx-metadata.ts";

export const exportOnnx: Command = {
  name: "export-onnx",
  usage: "MODEL -o FILE [--dtype fp32|fp16|q8|q4]",
  summary: "Exports a model as an ONNX file, to compare other runtimes on the same weights.",
  options: {
    output: { value: "FILE", short: "o", help: "the file to write; it is created when complete" },
    dtype: { value: "TYPE", help: "fp32 (default), fp16, q8 or q4" },
    ...HUB,
  },
  notes: `All families are supported. The graph is like the ViT export of transformers, opset 17. Input: pixel_values
[batch_size, 3, height, width], resized and normalized. Output: logits; for YOLOS logits and pred_boxes; without a head
embedding. All are float32. q8 is dynamic quantization: int8 weights with a scale per output channel (the same as
vit8's) and uint8 activations with one scale for the whole batch, so the output for an image depends slightly on the other images in it.
q4 is int4 weights in blocks of 32, with float activations. In both, the patch embedding
and the products of attention stay in float. The labels and the preprocessing are in the file's metadata, as JSON.`,
  async run(args, terminal) {
    const [name] = args.exactly("MODEL");
    const file = args.needed("output", "-o FILE");
    const format = args.choice("dtype", FORMATS, "fp32");
    await checkOutput(file);
    const model = await openChecked(name, terminal.signal, hubFrom(args));
    const tensors = await floatTensors(model, terminal.signal);
    const message = onnxModel(model.name, model.network, tensors, format, onnxMetadata(model));
    await writeWhole(file, message, terminal.signal);
    terminal.print(`${file}: ${(byteLengthOf(message) / 1e6).toFixed(2)} MB\n`);
    return 0;
  },
};

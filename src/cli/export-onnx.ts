// `vit8 export-onnx`: the same model as an ONNX file, for other runtimes to be compared with.

import { checkOutput, writeWhole } from "../node/write-file.ts";
import { floatTensors } from "../onnx/float-tensors.ts";
import { FORMATS, type OnnxFormat } from "../onnx/linear.ts";
import { onnxModel } from "../onnx/model.ts";
import { byteLengthOf } from "../onnx/protobuf.ts";
import { type Command, UsageError } from "./command.ts";
import { HUB, hubFrom, openChecked } from "./model.ts";

export const exportOnnx: Command = {
  name: "export-onnx",
  usage: "MODEL -o FILE [--dtype fp32|fp16|q8|q4]",
  summary: "Writes a model as an ONNX file, to compare other runtimes on the same weights.",
  options: {
    output: { value: "FILE", short: "o", help: "the file to write; it appears when it is complete" },
    dtype: { value: "TYPE", help: "fp32 (default), fp16, q8 or q4, as model hubs call them" },
    ...HUB,
  },
  notes: `Every family has one. The graph has the shape that exporters give transformers' ViT, opset 17: pixel_values
[batch_size, 3, height, width], resized and normalized, to logits, of YOLOS to logits and pred_boxes, without a head to
embedding, all float32. q8 is dynamic quantisation: int8 weights with a scale per output
channel (vit8's own), uint8 activations. q4 is int4 weights in blocks of 32 with float activations. Both leave the
patch embedding and attention's products in float.`,
  async run(args, terminal) {
    const [name] = args.exactly("MODEL");
    const file = args.text("output");
    if (!file) throw new UsageError("expected -o FILE");
    const format = formatOf(args.text("dtype") ?? "fp32");
    await checkOutput(file);
    const model = await openChecked(name, terminal.signal, hubFrom(args));
    const message = onnxModel(model.name, model.network, await floatTensors(model, terminal.signal), format);
    await writeWhole(file, message, terminal.signal);
    terminal.print(`${file}: ${(byteLengthOf(message) / 1e6).toFixed(2)} MB\n`);
    return 0;
  },
};

function formatOf(text: string): OnnxFormat {
  const format = FORMATS.find((known) => known === text);
  if (format) return format;
  throw new UsageError(`--dtype: expected one of ${FORMATS.join(", ")}, came "${text}"`);
}

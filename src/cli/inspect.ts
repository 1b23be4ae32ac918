// `vit8 inspect`: facts and cost of a model.

import { inLine } from "../errors/visible.ts";
import { quote } from "../format/fields.ts";
import type { Preprocessing } from "../format/preprocessing.ts";
import { type Anatomy, anatomyOf } from "./anatomy.ts";
import { type Arguments, type Command, table, UsageError } from "./command.ts";
import { COST_OPTIONS, inspectCost } from "./inspect-cost.ts";
import { ERROR_OPTIONS, inspectError } from "./inspect-error.ts";
import { HUB, hubFrom, type OpenModel, openChecked } from "./model.ts";
import { quantizationFacts, quantizationWords } from "./quantization-words.ts";
import { shapeOf } from "./shape-of.ts";
import { json } from "./terminal.ts";

export const inspect: Command = {
  name: "inspect",
  usage: "MODEL [--cost] | --cost --shape NAME | --error MODEL IMAGES",
  summary: "Prints a model's architecture, parameters, bytes, MACs, quantization and preprocessing.",
  options: {
    ...COST_OPTIONS,
    ...ERROR_OPTIONS,
    ...HUB,
    json: { help: "print one object; with --cost an array with an object per size" },
  },
  notes: `MODEL is a model folder, a Hugging Face id or a URL; only the header of the weights is read.
Parameters and bytes count the tensors that inference needs, as stored in the file. MACs are the
multiply-accumulates of one image in linear layers and attention; vit8 saves some of them in the last block.

--cost counts each operation separately, with one byte per value, as Kim et al. (2023) do, and also vit8's passes with
the bytes that they move: int8 with scales, an f32 residual stream, one row in the last block after K and V. Results:
docs/cost.md.

--error runs int8 and float32 on the same images. "own" is the signal-to-quantization-noise ratio of a tensor that is
rounded alone, "arriving" that of the int8 network at this point. Bad weights and outlier channels are listed first.`,
  async run(args, terminal) {
    checkParts(args);
    if (args.flag("cost")) return inspectCost(args, terminal);
    if (args.flag("error")) return inspectError(args, terminal);
    const [name] = args.exactly("MODEL");
    const model = await openChecked(name, terminal.signal, hubFrom(args));
    const anatomy = anatomyOf(model);
    terminal.print(args.flag("json") ? json(factsOf(model, anatomy)) : summaryOf(model, anatomy));
    return 0;
  },
};

/** @throws UsageError for an option of `--cost` or `--error` without it, which would be ignored. */
function checkParts(args: Arguments): void {
  for (const [part, options] of Object.entries({ cost: COST_OPTIONS, error: ERROR_OPTIONS }))
    for (const name of Object.keys(options))
      if (!args.flag(part) && (args.flag(name) || args.text(name) !== undefined))
        throw new UsageError(`--${name}: expected --${part} too, got none.`);
}

function factsOf(model: OpenModel, anatomy: Anatomy) {
  const { folder, name, spec, scoring, preprocessing, ignored } = model;
  const quantization = model.quantization ? quantizationFacts(model.quantization) : null;
  const architecture = { family: name, ...spec, classes: model.labels.length, scoring };
  const facts = { model: folder.id, architecture, ...anatomy, quantization, preprocessing };
  return { ...facts, ignoredTensors: ignored };
}

function summaryOf(model: OpenModel, anatomy: Anatomy): string {
  const { folder, name, input, labels, network, quantization, preprocessing, ignored } = model;
  const parts = Object.entries(anatomy.parts).map(
    ([part, { parameters, byteLength }]) => `${part}: ${count(parameters)}, ${megabytes(byteLength)}`,
  );
  const rows = [
    ["model", inLine(folder.id)],
    ["architecture", `${name}: ${shapeOf(network)}`],
    ["tokens", `${anatomy.tokens}, from ${input.width}x${input.height} pixels in patches of ${input.patch}`],
    ["classes", labels.length ? count(labels.length) : "none: an embedding model"],
    ["parameters", `${count(anatomy.parameters)}, ${megabytes(anatomy.byteLength)}\n${parts.join("\n")}`],
    ["MACs", `${(anatomy.macs / 1e9).toFixed(2)} G per image`],
    ["quantization", quantizationWords(quantization)],
    ["preprocessing", stepsOf(preprocessing)],
    ...(ignored.length > 0 ? [["ignored", leftOut(ignored)]] : []),
  ];
  return `${table(rows)}\n`;
}

/** The first of them by name. */
function leftOut(names: readonly string[]): string {
  const more = names.length > 5 ? [`and ${count(names.length - 5)} more`] : [];
  const tensors = names.length === 1 ? "1 tensor" : `${count(names.length)} tensors`;
  return [
    `${tensors} of the file that the model does not use:`,
    ...names.slice(0, 5).map(quote),
    ...more,
  ].join("\n");
}

function stepsOf({ resize, resample, crop, mean, std }: Preprocessing): string {
  const size =
    resize.mode === "shortest_edge"
      ? `short side ${resize.edge}`
      : `${resize.width}x${resize.height}${resize.mode === "cover" ? " at least" : ""}`;
  const cut = crop ? `, center crop ${crop.width}x${crop.height}` : "";
  return `${resample} resize to ${size}${cut}\nmean ${mean.join(", ")}; standard deviation ${std.join(", ")}`;
}

const count = (number: number) => number.toLocaleString("en");
const megabytes = (byteLength: number) => `${(byteLength / 1e6).toFixed(2)} MB`;

// `vit8 quantize`: writes the int8 folder of a float model.

import { existsSync } from "node:fs";
import { realpath } from "node:fs/promises";
import path from "node:path";
import { Vit8Error } from "../errors/errors.ts";
import { parseQuantization, type Quantization } from "../format/quantization-config.ts";
import { WEIGHTS_FILE } from "../format/weights.ts";
import { refuseExisting, writeFolder } from "../node/write-folder.ts";
import { CALIBRATION_OPTIONS, calibrationOf, filesOfCalibration } from "./calibrate.ts";
import type { Command } from "./command.ts";
import { HUB, hubFrom, openChecked } from "./model.ts";
import { modelCard } from "./model-card.ts";
import { whyWithoutText } from "./without-text.ts";

export const quantize: Command = {
  name: "quantize",
  usage: "MODEL -o DIR [--method NAME --bits BITS --calibrate FOLDER] [--keep LAYER=AS] [--force]",
  summary:
    "Quantizes a float model to an int8 folder: a quarter of the bytes, and the same results as quantizing at load.",
  options: {
    output: { value: "DIR", short: "o", help: "the folder to write; it is created when complete" },
    ...CALIBRATION_OPTIONS,
    ...HUB,
    force: { help: "replace an existing model in DIR" },
  },
  notes:
    "MODEL is a model folder, a Hugging Face id or a URL. The files follow the compressed-tensors convention:\ndocs/model-format.md.",
  async run(args, terminal) {
    const [name] = args.exactly("MODEL");
    const directory = args.needed("output", "-o DIR");
    if (!args.flag("force")) await refuseExisting(directory);
    const calibration = calibrationOf(args);
    const { signal } = terminal;
    const model = await openChecked(name, signal, hubFrom(args));
    await refuseItself(model.folder.id, directory);
    const withoutText = await whyWithoutText(model, calibration, signal);
    if (withoutText) terminal.tell(`vit8: ${withoutText}\n`);
    const files = await filesOfCalibration(model.folder, calibration, terminal);
    // An existing card may have been edited, so it is kept.
    if (!existsSync(path.join(directory, "README.md")))
      files.set("README.md", [encode(modelCard(model, quantizationIn(files), withoutText))]);
    await writeFolder(directory, files, signal);
    const megabytes = byteLength(files.get(WEIGHTS_FILE)!) / 1e6;
    terminal.print(`${directory}: ${WEIGHTS_FILE} of ${megabytes.toFixed(2)} MB\n`);
    return 0;
  },
};

function quantizationIn(files: ReadonlyMap<string, readonly Uint8Array[]>): Quantization {
  const config = JSON.parse(Buffer.concat(files.get("config.json")!).toString());
  return parseQuantization(config.quantization_config)!;
}

async function refuseItself(source: string, directory: string): Promise<void> {
  const [from, to] = await Promise.all(
    [source, directory].map((name) => realpath(name).catch(() => undefined)),
  );
  if (from && from === to)
    throw new Vit8Error(
      `${directory}: expected a new folder, got the float model itself. Choose another folder.`,
    );
}

const encode = (text: string) => new TextEncoder().encode(text);

const byteLength = (pieces: readonly Uint8Array[]) =>
  pieces.reduce((total, piece) => total + piece.byteLength, 0);

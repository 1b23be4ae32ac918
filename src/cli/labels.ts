// Labels from the command line, for a model that accepts any.

import { readFile } from "node:fs/promises";
import { Vit8Error } from "../errors/errors.ts";
import { decodeText } from "../format/read-text.ts";
import { type Arguments, UsageError } from "./command.ts";
import { mustBeFile } from "./paths.ts";

export const LABELS = {
  labels: {
    value: "A,B,...",
    help: "your own labels, separated by commas; needs a CLIP or SigLIP model",
  },
  "labels-file": { value: "FILE", help: "the same from a file, one label per line" },
  template: {
    value: "TEXT",
    help: 'prompt for each label, with {} for the label; default "a photo of a {}."',
  },
} as const;

export interface OwnLabels {
  readonly labels: readonly string[];
  readonly template?: string;
}

/** The options' labels; undefined without any. @throws UsageError, or Vit8Error for a file that is empty or cannot be read. */
export async function labelsFrom(args: Arguments): Promise<OwnLabels | undefined> {
  const [inline, file, template] = [args.text("labels"), args.text("labels-file"), args.text("template")];
  if (inline !== undefined && file !== undefined)
    throw new UsageError("--labels-file: expected either it or --labels, got both.");
  if (inline === undefined && file === undefined) {
    if (template !== undefined)
      throw new UsageError("--template: expected --labels or --labels-file too, got neither.");
    return undefined;
  }
  if (!args.text("model"))
    throw new UsageError("--labels: expected --model with a CLIP or SigLIP model, got none.");
  if (template !== undefined && !template.includes("{}"))
    throw new UsageError(`--template: expected {} where the label goes, got "${template}".`);
  const labels = file === undefined ? namesIn(inline!.split(",")) : namesIn(await linesOf(file));
  if (labels.length > 0) return { labels, template };
  if (file === undefined) throw new UsageError("--labels: expected names separated by commas, got none.");
  throw new Vit8Error(`${file}: expected a label on each line, got none. Write the names of your classes.`);
}

async function linesOf(file: string): Promise<string[]> {
  await mustBeFile(file);
  const bytes = await readFile(file).catch((cause) => {
    throw new Vit8Error(`${file}: cannot be read (${cause.code}). Check the path of --labels-file.`, {
      cause,
    });
  });
  return decodeText(bytes).split(/\r?\n/);
}

const namesIn = (texts: readonly string[]) => [
  ...new Set(texts.map((text) => text.trim()).filter((text) => text !== "")),
];

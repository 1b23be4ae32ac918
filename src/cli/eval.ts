// `vit8 eval`: how often a model is right on labeled images, and how far from its float reference.

import { type PictureError, UnsupportedModelError, Vit8Error } from "../errors/errors.ts";
import type { Arithmetic } from "../lower/arithmetic.ts";
import type { NodeClassifier } from "../node/index.ts";
import { checkOutput, writeWhole } from "../node/write-file.ts";
import { type Arguments, type Command, UsageError } from "./command.ts";
import { detailsOf } from "./eval-details.ts";
import { type EvaluatedRow, type Evaluation, nameOf, scoresOf, summaryOf } from "./evaluation.ts";
import { tellBad } from "./good-pictures.ts";
import { classNames, type LabelledPicture, readLabelledPictures } from "./labelled-pictures.ts";
import { LABELS, type OwnLabels } from "./labels.ts";
import { type Measurement, measure } from "./measure.ts";
import {
  ARITHMETIC,
  arithmeticFrom,
  DEVICE,
  deviceFrom,
  HUB,
  hasTextTower,
  hubFrom,
  type OpenModel,
  openChecked,
  type UseOptions,
  withNamed,
} from "./model.ts";
import { calibratedOn } from "./picture-hash.ts";
import { ProgressBar } from "./progress.ts";
import { quantizationFacts } from "./quantization-words.ts";
import { readReferenceLogits } from "./reference-logits.ts";
import { json, type Terminal } from "./terminal.ts";

export const evaluate: Command = {
  name: "eval",
  usage: "MODEL IMAGES [--reference MODEL | --logits FILE] [-o FILE]",
  summary: "Measures the accuracy of a model on labeled images, and its agreement with float arithmetic.",
  options: {
    limit: { value: "N", help: "only the first N images" },
    batch: { value: "N", help: "images per submit, 1 to 64; default 1" },
    reference: {
      value: "MODEL",
      help: "the float model to compare with, such as the one that an int8 MODEL was made from; default: MODEL in float32",
    },
    logits: {
      value: "FILE",
      help: "reference logits: float32, little-endian, one row per image, in order",
    },
    ...HUB,
    ...ARITHMETIC,
    ...DEVICE,
    template: LABELS.template,
    float: { help: "evaluate float32 instead of int8" },
    output: {
      value: "FILE",
      short: "o",
      help: "also write JSON: the output of --json, a row per image, the confusion matrix and the worst classes",
    },
    json: { help: "print one object" },
  },
  notes: `IMAGES is a folder of images with their classes: labels.tsv (header index, wnid, label, file, separated by
tabs), labels.csv (a header with file and label, or index), labels.txt (lines of file and label), or one folder per
class. A class is an index or one of the model's labels; files are searched recursively. A CLIP or SigLIP model takes the names in labels.tsv as its labels. int8 is compared
with vit8's float32 on the same images. An int8 folder has no float weights: without --reference or --logits, agreement,
cosine and worstLogitError are null.

msPerImage is the time from decoded pixels on the CPU to logits on the CPU, without the first run of a batch size, which
compiles. The next images are decoded meanwhile, which slows down a software adapter, because it shares the CPU.
dispatches are those of one submit; gpuBytes counts all buffers and textures.`,
  async run(args, terminal) {
    const [name, folder] = args.exactly("MODEL", "IMAGES");
    if (args.text("reference") && args.text("logits"))
      throw new UsageError("--reference: expected either it or --logits, got both.");
    const batch = args.count("batch", 64) ?? 1;
    const arithmetic = arithmeticFrom(args, args.flag("float") ? "float32" : "int8");
    const opened = await openChecked(name, terminal.signal, hubFrom(args));
    const float = await floatReference(args, opened, terminal.signal);
    const names = await namesFor(opened, folder);
    const own = names && { labels: [...names.values()], template: args.text("template") };
    const model = own ? { ...opened, labels: own.labels } : opened;
    const labelled = await readLabelledPictures(folder, opened.labels);
    const places = names && [...names.keys()];
    const pictures = places
      ? labelled.map(({ index, file }) => ({ index: places.indexOf(index), file }))
      : labelled;
    checkClasses(model, folder, pictures);
    const chosen = pictures.slice(0, args.count("limit"));
    const device = deviceFrom(args);
    const output = args.text("output");
    if (output) await checkOutput(output);
    const seen = await calibratedOn(
      model.quantization,
      chosen.map(({ file }) => file),
    );
    if (seen > 0)
      terminal.tell(
        `vit8: ${seen} of ${chosen.length} images also calibrated this model, so its figures are too good. Evaluate on other images.\n`,
      );
    // Each run reads the same bad images: report each once.
    const bad = new Map<string, PictureError>();
    const onBad = (error: PictureError) => {
      if (!bad.has(error.message)) tellBad(error, terminal);
      bad.set(error.message, error);
    };
    const run = (arithmetic: Partial<Arithmetic>, of: OpenModel = model) =>
      measureWith(of, { ...arithmetic, device, maxBatch: batch }, chosen, terminal, onBad, own);
    const reference = await referenceOf(args, model, float, pictures.length, run);
    const { logits, msPerImage, report } = await run(arithmetic);
    const rows = chosen.flatMap(({ index, file }, i): EvaluatedRow[] => {
      const [row, other] = [logits[i], reference?.logits[i]];
      return row && (other || !reference) ? [{ file, index, logits: row, other }] : [];
    });
    const { precision, nonlinear, integerOnly, dispatches, gpuBytes, adapter, kernels } = report;
    const evaluation: Evaluation = {
      model: name,
      quantization: model.quantization ? quantizationFacts(model.quantization) : null,
      precision,
      nonlinear,
      integerOnly,
      images: rows.length,
      failed: [...bad.values()].map(({ message }) => message),
      ...scoresOf(rows, reference?.source),
      msPerImage,
      dispatches,
      gpuBytes,
      adapter,
      kernels,
    };
    if (output) await writeWhole(output, [json(detailsOf(evaluation, rows, model.labels))], terminal.signal);
    terminal.print(args.flag("json") ? json(evaluation) : summaryOf(evaluation));
    return bad.size > 0 ? 1 : 0;
  },
};

/** The model of `--reference`. @throws UnsupportedModelError if it has no float weights, or other classes */
async function floatReference(
  args: Arguments,
  { folder, labels }: OpenModel,
  signal: AbortSignal,
): Promise<OpenModel | undefined> {
  const name = args.text("reference");
  if (name === undefined) return undefined;
  const float = await openChecked(name, signal, { ...hubFrom(args), revision: undefined });
  if (float.quantization)
    throw new UnsupportedModelError(
      `${name}: expected a float model as the reference, got int8. Pass the float model that ${folder.id} was made from.`,
    );
  if (float.labels.length !== labels.length)
    throw new UnsupportedModelError(
      `${name}: expected ${labels.length} classes, as ${folder.id} has, got ${float.labels.length}. Pass the float model that it was made from.`,
    );
  return float;
}

/** What the model is compared with. */
interface Compared extends Pick<Measurement, "logits"> {
  readonly source: string;
}

/** The logits of the file, of the float model, or of the float arithmetic; undefined without any of them. */
async function referenceOf(
  args: Arguments,
  { labels, quantization }: OpenModel,
  float: OpenModel | undefined,
  pictures: number,
  run: (arithmetic: Partial<Arithmetic>, of?: OpenModel) => Promise<Measurement>,
): Promise<Compared | undefined> {
  const file = args.text("logits");
  if (file) return { source: file, logits: await readReferenceLogits(file, pictures, labels.length) };
  if (!float && (quantization || args.flag("float"))) return undefined;
  const { logits } = await run({ precision: "float32" }, float);
  return { source: float?.folder.id ?? "float32", logits };
}

/** For a model that accepts any labels, those of the folder by class. */
async function namesFor(model: OpenModel, folder: string): Promise<Map<number, string> | undefined> {
  return model.labels.length === 0 && (await hasTextTower(model)) ? classNames(folder) : undefined;
}

export function checkClasses(
  { folder, labels }: OpenModel,
  images: string,
  pictures: LabelledPicture[],
): void {
  const classes = labels.length;
  if (classes === 0)
    throw new UnsupportedModelError(
      `${folder.id}: expected a classification head, got none. Evaluate a classification model.`,
    );
  const line = pictures.findIndex(({ index }) => index >= classes);
  if (line >= 0)
    throw new Vit8Error(
      `${images}: image ${line + 1}: expected a class below ${classes}, which ${folder.id} has, got ${pictures[line].index}. Check the labels.`,
    );
}

export function measureWith(
  model: OpenModel,
  use: UseOptions & { readonly maxBatch: number },
  pictures: readonly LabelledPicture[],
  terminal: Terminal,
  onBad: (error: PictureError) => void,
  own?: OwnLabels,
): Promise<Measurement> {
  const bar = new ProgressBar(terminal, `evaluating ${nameOf(use)}`);
  const options = {
    batch: use.maxBatch,
    signal: terminal.signal,
    onProgress: (done: number, total: number) => bar.update(done, total),
    onBad: (error: PictureError) => {
      bar.clear();
      onBad(error);
    },
  };
  const files = pictures.map(({ file }) => file);
  const work = (classifier: NodeClassifier) => measure(classifier, files, options);
  return withNamed(model, own, terminal, use, work).finally(() => bar.clear());
}

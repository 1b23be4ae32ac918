// `vit8 compare`: the table of the survey, measured: what each quantizer, width and non-linear arithmetic costs in accuracy.

import { accuracyOf, agreementOf } from "../bench/score.ts";
import { chosen } from "../calibration/observe.ts";
import { percent } from "../classifier/percent.ts";
import { type PictureError, UnsupportedModelError, Vit8Error } from "../errors/errors.ts";
import { type Arguments, type Command, UsageError } from "./command.ts";
import { earlierReport, readLogits, writeComparison, writeLogits } from "./compare-folder.ts";
import { type CalibrationPictures, VariantModels } from "./compare-models.ts";
import {
  type CompareReport,
  type CompareRow,
  type CompareSetting,
  compareMarkdown,
} from "./compare-report.ts";
import {
  arithmeticOf,
  calibratedOf,
  METHOD_NAMES,
  nameOf,
  type Variant,
  variantsFrom,
  WIDTH_NAMES,
} from "./compare-variants.ts";
import { checkClasses, measureWith } from "./eval.ts";
import { goodPictures } from "./good-pictures.ts";
import { type LabelledPicture, readLabelledPictures } from "./labelled-pictures.ts";
import { machineOf } from "./machine.ts";
import type { Measurement } from "./measure.ts";
import { HUB, hubFrom, openChecked } from "./model.ts";
import { picturesIn } from "./pictures.ts";
import { readReferenceLogits } from "./reference-logits.ts";
import { json, type Terminal } from "./terminal.ts";

export const compare: Command = {
  name: "compare",
  usage: "MODEL IMAGES [-o DIR [--resume]]",
  summary:
    "Measures the accuracy of a float model under each quantizer, bit width and non-linear arithmetic.",
  options: {
    ...HUB,
    methods: { value: "LIST", help: `quantizers; default ${METHOD_NAMES.join(",")}` },
    bits: { value: "LIST", help: `bit widths of weights and activations; default ${WIDTH_NAMES.join(",")}` },
    nonlinear: {
      value: "LIST",
      help: "non-linear arithmetic to compare with default int8: some of fast, ibert, ivit, integers; default all",
    },
    calibrate: {
      value: "FOLDER",
      help: "folder of calibration images; default: some of IMAGES, which are then not evaluated",
    },
    images: { value: "N", help: "number of calibration images; default 64" },
    seed: { value: "N", help: "random seed for their choice; default 1" },
    logits: { value: "FILE", help: "reference logits, as for eval; default: those of vit8 in float32" },
    limit: { value: "N", help: "only the first N images" },
    batch: { value: "N", help: "images per submit, 1 to 64; default 8" },
    output: {
      value: "DIR",
      short: "o",
      help: "write compare.md, .csv and .json and accuracy.svg, after each row",
    },
    resume: { help: "continue the comparison in DIR" },
    json: { help: "print one object" },
  },
  notes: `IMAGES is a folder with labels.tsv, as for eval. For each row a model is quantized, loaded and run on all images. After Ctrl-C,
--resume continues with the first row that is missing in DIR; other rows in DIR are kept. A quantizer name may be followed by
+norm-inputs, +bias-correction, or +tensor, +channel or +group for its weights, as for quantize. Results: docs/quantization.md.`,
  async run(args, terminal) {
    const output = args.text("output");
    if (args.flag("resume") && !output) throw new UsageError("--resume: expected -o DIR too, got none.");
    const variants = variantsFrom(args);
    const task = await taskFrom(args, variants, terminal);
    const earlier = output ? await earlierReport(output, task.setting, args.flag("resume")) : undefined;
    const report = await compareAll(task, variants, earlier, output, terminal);
    terminal.print(args.flag("json") ? json(report) : compareMarkdown(report));
    return task.failed > 0 ? 1 : 0;
  },
};

interface Task {
  readonly models: VariantModels;
  /** Evaluated. */
  readonly pictures: readonly LabelledPicture[];
  readonly classes: number;
  readonly batch: number;
  readonly setting: CompareSetting;
  /** From the given file, one row for each image. */
  readonly reference?: readonly Float32Array[];
  /** Images left out because they cannot be read. */
  readonly failed: number;
}

async function taskFrom(args: Arguments, variants: readonly Variant[], terminal: Terminal): Promise<Task> {
  const [name, folder] = args.exactly("MODEL", "IMAGES");
  const model = await openChecked(name, terminal.signal, hubFrom(args));
  const all = await readLabelledPictures(folder, model.labels);
  const { quantization } = model;
  const classes = model.labels.length;
  if (quantization)
    throw new UnsupportedModelError(
      `${name}: expected a float model, got int8. Pass the float model that it was made from.`,
    );
  checkClasses(model, folder, all);
  const asked = all.map((_, i) => i).slice(0, args.count("limit"));
  // Every variant is to see the same images, so the bad ones are left out before the first.
  const numbers = await goodPictures(asked, (i) => all[i].file, terminal);
  const { calibration, left } = await parted(args, variants, all, numbers, terminal);
  const logits = args.text("logits") ?? null;
  const reference = logits ? await readReferenceLogits(logits, all.length, classes) : undefined;
  const [images, calibrationImages] = [left.length, calibration.files.length];
  return {
    models: new VariantModels(model, calibration, terminal),
    pictures: left.map((i) => all[i]),
    classes,
    batch: args.count("batch", 64) ?? 8,
    setting: { model: name, images, calibrationImages, seed: calibration.seed, logits },
    reference: reference && left.map((i) => reference[i]),
    failed: asked.length - numbers.length,
  };
}

/** Splits the images into calibration images and the numbers of the rest: no image is used for both. */
async function parted(
  args: Arguments,
  variants: readonly Variant[],
  all: readonly LabelledPicture[],
  numbers: readonly number[],
  terminal: Terminal,
): Promise<{ calibration: CalibrationPictures; left: readonly number[] }> {
  const seed = args.count("seed") ?? 1;
  const count = args.count("images") ?? 64;
  const folder = args.text("calibrate");
  if (!variants.some(calibratedOf)) return { calibration: { files: [], seed }, left: numbers };
  if (folder) {
    const some = chosen(await picturesIn(folder), count, seed);
    return {
      calibration: { files: await goodPictures(some, (file) => file, terminal), seed },
      left: numbers,
    };
  }
  if (count >= numbers.length)
    throw new UsageError(
      `--images: expected fewer than the ${numbers.length} images, so that some are left to evaluate, got ${count}.`,
    );
  const taken = new Set(chosen(numbers, count, seed));
  return {
    calibration: { files: [...taken].map((i) => all[i].file), seed },
    left: numbers.filter((i) => !taken.has(i)),
  };
}

/** Continues where `earlier` ended. Every row is reported, and written to `output`, when it is complete. */
async function compareAll(
  task: Task,
  variants: readonly Variant[],
  earlier: CompareReport | undefined,
  output: string | undefined,
  terminal: Terminal,
): Promise<CompareReport> {
  const { setting, pictures, classes } = task;
  const rows: CompareRow[] = [];
  const names = new Set(variants.map(nameOf));
  const others = earlier?.rows.filter((row) => !names.has(nameOf(row))) ?? [];
  let { adapter } = earlier ?? {};
  let reference = task.reference ?? (earlier && (await readLogits(output!, pictures.length, classes)));
  for (const [i, variant] of variants.entries()) {
    const known = reference && earlier?.rows.find((row) => nameOf(row) === nameOf(variant) && !row.error);
    const { row, measurement }: MadeRow = known
      ? { row: known }
      : await rowOf(task, variant, reference, terminal);
    rows.push(row);
    if (measurement && !reference && output) await writeLogits(output, measurement.logits);
    reference ??= measurement?.logits;
    adapter = measurement?.report.adapter ?? adapter;
    if (output)
      await writeComparison(output, { ...setting, ...machineOf(), adapter, rows: [...rows, ...others] });
    terminal.tell(`${i + 1}/${variants.length} ${lineOf(row)}\n`);
  }
  return { ...setting, ...machineOf(), adapter, rows: [...rows, ...others] };
}

interface MadeRow {
  readonly row: CompareRow;
  /** Absent where that failed. */
  readonly measurement?: Measurement & { readonly logits: readonly Float32Array[] };
}

/** Evaluates a variant against the reference, or as the reference. An error of one variant is in its row, and the others continue. */
async function rowOf(
  task: Task,
  variant: Variant,
  reference: readonly Float32Array[] | undefined,
  terminal: Terminal,
): Promise<MadeRow> {
  const start = performance.now();
  try {
    const { model, modelBytes } = await task.models.make(variant);
    const use = { ...arithmeticOf(variant), maxBatch: task.batch };
    const throwBad = (error: PictureError) => {
      throw error;
    };
    const { logits: rows, ...others } = await measureWith(model, use, task.pictures, terminal, throwBad);
    const logits = rows.map((one) => one!);
    const classes = task.pictures.map(({ index }) => index);
    const row = {
      ...variant,
      ...accuracyOf(logits, classes),
      ...agreementOf(logits, reference ?? logits),
      modelBytes,
      msPerImage: others.msPerImage,
      elapsedMs: performance.now() - start,
    };
    return { row, measurement: { ...others, logits } };
  } catch (error) {
    // Without the reference nothing can be compared, and an abort is not an error of the variant.
    if (!reference || terminal.signal.aborted || !(error instanceof Vit8Error)) throw error;
    return { row: { ...variant, error: error.message } };
  }
}

function lineOf(row: CompareRow): string {
  const { top1 = 0, agreement = 0, elapsedMs = 0, error } = row;
  const figures = `top-1 ${percent(top1)}, agreement ${percent(agreement)}`;
  return `${nameOf(row)}: ${error ?? `${figures}, ${(elapsedMs / 1000).toFixed(0)} s`}`;
}

// `vit8 compare`: the table of the survey, measured: what each quantiser, width and non-linear arithmetic costs in accuracy.

import { accuracyOf, agreementOf } from "../bench/score.ts";
import { UnsupportedModelError, Vit8Error } from "../errors/errors.ts";
import { WEIGHTS_FILE } from "../format/weights.ts";
import { elementCount } from "../tensor/dtype.ts";
import { type Arguments, type Command, type Terminal, UsageError } from "./command.ts";
import { earlierReport, readLogits, writeComparison, writeLogits } from "./compare-folder.ts";
import {
  type CompareReport,
  type CompareRow,
  type CompareSetting,
  compareMarkdown,
} from "./compare-report.ts";
import {
  arithmeticOf,
  FLOAT32,
  METHODS,
  nameOf,
  type Variant,
  variantsFrom,
  WIDTHS,
} from "./compare-variants.ts";
import { checkClasses, measureWith } from "./eval.ts";
import { type LabelledPicture, readLabelledPictures } from "./labelled-pictures.ts";
import { machineOf } from "./machine.ts";
import type { Measurement } from "./measure.ts";
import { type OpenModel, openChecked } from "./model.ts";
import { ProgressBar } from "./progress.ts";
import { quantizedFiles } from "./quantized-model.ts";
import { readReferenceLogits } from "./reference-logits.ts";

export const compare: Command = {
  name: "compare",
  usage: "MODEL IMAGES [-o DIR [--resume]]",
  summary: "Measures what each quantiser, width and non-linear arithmetic costs a float model in accuracy.",
  options: {
    methods: { value: "LIST", help: `quantisers; default ${METHODS.join(",")}` },
    bits: { value: "LIST", help: `widths of weights and activations; default ${WIDTHS.join(",")}` },
    nonlinear: {
      value: "LIST",
      help: "besides, with the default int8: some of fast, ibert, ivit, integers; default all",
    },
    logits: { value: "FILE", help: "reference logits, as for eval; default: vit8's own float32 arithmetic" },
    limit: { value: "N", help: "only the first N pictures" },
    batch: { value: "N", help: "pictures in one submit, 1 to 64; default 8" },
    output: {
      value: "DIR",
      short: "o",
      help: "write compare.md, .csv and .json and accuracy.svg, after each row",
    },
    resume: { help: "go on with what DIR has" },
    json: { help: "print one object" },
  },
  notes: `IMAGES is a folder with labels.tsv, as for eval. Each row is a model made, loaded and run over all pictures. A comparison that
is interrupted with Ctrl-C goes on with --resume, from the first row that DIR lacks. Measured tables: docs/quantisation.md.`,
  async run(args, terminal) {
    const output = args.text("output");
    if (args.flag("resume") && !output) throw new UsageError("--resume: expected -o DIR beside it");
    const variants = variantsFrom(args);
    const task = await taskFrom(args, terminal);
    const earlier = output ? await earlierReport(output, task.setting, args.flag("resume")) : undefined;
    const report = await compareAll(task, variants, earlier, output, terminal);
    terminal.print(args.flag("json") ? `${JSON.stringify(report, null, 2)}\n` : compareMarkdown(report));
  },
};

interface Task {
  readonly model: OpenModel;
  readonly pictures: readonly LabelledPicture[];
  readonly batch: number;
  readonly setting: CompareSetting;
  /** Of the file that was given. */
  readonly reference?: readonly Float32Array[];
}

async function taskFrom(args: Arguments, terminal: Terminal): Promise<Task> {
  const [name, folder] = args.exactly("MODEL", "IMAGES");
  const all = await readLabelledPictures(folder);
  const pictures = all.slice(0, args.count("limit"));
  const model = await openChecked(name, terminal.signal);
  if (model.architecture.quantization)
    throw new UnsupportedModelError(`${name}: is int8 already; give the float model that it was made from`);
  checkClasses(model, folder, all);
  const logits = args.text("logits") ?? null;
  return {
    model,
    pictures,
    batch: args.count("batch") ?? 8,
    setting: { model: name, images: pictures.length, calibrationImages: 0, seed: 0, logits },
    reference: logits ? await readReferenceLogits(logits, all.length, model.architecture.classes) : undefined,
  };
}

/** Goes on where `earlier` ended; every row is told, and written to `output`, when it is there. */
async function compareAll(
  task: Task,
  variants: readonly Variant[],
  earlier: CompareReport | undefined,
  output: string | undefined,
  terminal: Terminal,
): Promise<CompareReport> {
  const { setting, pictures, model } = task;
  const rows: CompareRow[] = [];
  let { adapter } = earlier ?? {};
  let reference =
    task.reference ?? (earlier && (await readLogits(output!, pictures.length, model.architecture.classes)));
  for (const [i, variant] of variants.entries()) {
    const known = reference && earlier?.rows.find((row) => nameOf(row) === nameOf(variant) && !row.error);
    const { row, measurement }: MadeRow = known
      ? { row: known }
      : await rowOf(task, variant, reference, terminal);
    rows.push(row);
    if (measurement && !reference && output) await writeLogits(output, measurement.logits);
    reference ??= measurement?.logits;
    adapter = measurement?.report.adapter ?? adapter;
    if (output) await writeComparison(output, { ...setting, ...machineOf(), adapter, rows });
    terminal.tell(`${i + 1}/${variants.length} ${lineOf(row)}\n`);
  }
  return { ...setting, ...machineOf(), adapter, rows };
}

interface MadeRow {
  readonly row: CompareRow;
  /** Absent where that failed. */
  readonly measurement?: Measurement;
}

/** With a reference, or as the reference. What goes wrong with one variant is its row's, and the others go on. */
async function rowOf(
  task: Task,
  variant: Variant,
  reference: readonly Float32Array[] | undefined,
  terminal: Terminal,
): Promise<MadeRow> {
  const start = performance.now();
  try {
    const { model, modelBytes } = await made(task, variant, terminal);
    const measurement = await measureWith(
      model,
      { ...arithmeticOf(variant), maxBatch: task.batch },
      task.pictures,
      terminal,
    );
    const { logits, msPerImage } = measurement;
    const classes = task.pictures.map(({ index }) => index);
    const row = {
      ...variant,
      ...accuracyOf(logits, classes),
      ...agreementOf(logits, reference ?? logits),
      modelBytes,
      msPerImage,
      elapsedMs: performance.now() - start,
    };
    return { row, measurement };
  } catch (error) {
    // Nothing is comparable without the reference, and an interruption is nobody's fault.
    if (!reference || terminal.signal.aborted || !(error instanceof Vit8Error)) throw error;
    return { row: { ...variant, error: error.message } };
  }
}

/** The model of a variant, and the bytes of its weights file. */
async function made(
  { model }: Task,
  { method }: Variant,
  terminal: Terminal,
): Promise<{ model: OpenModel; modelBytes: number }> {
  if (method === FLOAT32.method) {
    const entries = [...model.tensors.values()];
    return { model, modelBytes: entries.reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0) };
  }
  const { signal } = terminal;
  const bar = new ProgressBar(terminal, `quantizing for ${method}`);
  const onBytes = (loaded: number, total = 0) => bar.update(loaded, total);
  const files = await quantizedFiles(model, { signal, onBytes }).finally(() => bar.clear());
  const folder = Object.fromEntries([...files].map(([name, pieces]) => [name, Buffer.concat(pieces)]));
  return { model: await openChecked(folder, signal), modelBytes: folder[WEIGHTS_FILE].byteLength };
}

function lineOf(row: CompareRow): string {
  const { top1 = 0, agreement = 0, elapsedMs = 0, error } = row;
  const figures = `top-1 ${(top1 * 100).toFixed(1)} %, agreement ${(agreement * 100).toFixed(1)} %`;
  return `${nameOf(row)}: ${error ?? `${figures}, ${(elapsedMs / 1000).toFixed(0)} s`}`;
}

// The models that commands work on: opened, checked before a GPU is woken, loaded with a bar, disposed in any case.

import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { LoadOptions } from "../classifier/api.ts";
import type { DeviceChoice } from "../classifier/device.ts";
import type { LoadProgress } from "../classifier/model.ts";
import { type OpenModel, openChecked as openCheckedFolder } from "../classifier/open-model.ts";
import { asFields, field, parseJson } from "../format/fields.ts";
import type { HubOptions, ModelSource } from "../format/folder.ts";
import { type Arithmetic, arithmeticOf, NONLINEAR, type Nonlinear } from "../lower/arithmetic.ts";
import type { Precision } from "../lower/pack/packer.ts";
import { openModel } from "../node/folder.ts";
import { ImageClassifier, type NodeClassifier, ZeroShotClassifier } from "../node/index.ts";
import { type Arguments, UsageError } from "./command.ts";
import type { OwnLabels } from "./labels.ts";
import { ProgressBar } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

export type { OpenModel };

/** The directory of the package. */
export function packageRoot(): string {
  let root = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(root, "package.json"))) root = path.dirname(root);
  return root;
}

/** The model that vit8 brings along, as commands and files of rows call it: wherever vit8 is installed, it is the same. */
const BUNDLED = "everyday80";

export const bundledModel = () => path.join(packageRoot(), "models", BUNDLED);

/** The options of a command that opens a model. */
export const HUB = {
  revision: {
    value: "REV",
    help: "revision of a Hub model: a branch, a tag, a commit or refs/pr/1; default main",
  },
  endpoint: {
    value: "URL",
    help: "URL of the Hub; default HF_ENDPOINT, or https://huggingface.co",
  },
} as const;

/** The Hub options of the command line. */
export function hubFrom(args: Arguments): HubOptions {
  const [revision, endpoint] = [args.text("revision"), args.text("endpoint")];
  if (endpoint !== undefined && !/^https?:\/\/./i.test(endpoint))
    throw new UsageError(`--endpoint: expected an http or https URL, got "${endpoint}".`);
  return { revision, endpoint };
}

/** The bundled model if none is given. @throws UnsupportedModelError, ModelFormatError or ModelLoadError for a bad model. */
export async function openChecked(
  model: ModelSource = BUNDLED,
  signal: AbortSignal,
  hub: HubOptions = {},
): Promise<OpenModel> {
  const folder =
    model === BUNDLED ? { ...(await openModel(bundledModel())), id: BUNDLED } : await openModel(model, hub);
  return openCheckedFolder(folder, signal);
}

/** The options of a command that runs a model. */
export const ARITHMETIC = {
  nonlinear: {
    value: "MODE",
    help: `how GELU, softmax and LayerNorm are computed: ${NONLINEAR.join(", ")}; default exact`,
  },
  "integer-only": {
    help: "use only integer instructions from pixels to logits; --nonlinear is ibert or ivit",
  },
} as const;

/** The arithmetic of the command line. @throws UsageError for an unknown value, or values that cannot be combined. */
export function arithmeticFrom(args: Arguments, precision: Precision = "int8"): Arithmetic {
  try {
    const nonlinear = args.text("nonlinear") as Nonlinear | undefined;
    return arithmeticOf({ precision, nonlinear, integerOnly: args.flag("integer-only") });
  } catch (error) {
    throw new UsageError((error as RangeError).message);
  }
}

export const DEVICE = {
  device: {
    value: "DEVICE",
    help: "webgpu or cpu; default auto: the GPU, or the CPU if there is none or only a software adapter",
  },
} as const;

/** The options of a command that runs a model, or the bundled one, on images. */
export const RUN = {
  model: {
    value: "MODEL",
    short: "m",
    help: "a model folder, a Hugging Face id or a URL; default: the bundled everyday80",
  },
  ...HUB,
  ...ARITHMETIC,
  ...DEVICE,
} as const;

/** The device of the command line. @throws UsageError for an unknown value. */
export function deviceFrom(args: Arguments, absent: DeviceChoice = "auto"): DeviceChoice {
  return args.choice("device", ["auto", "webgpu", "cpu"], absent);
}

export interface UseOptions extends Partial<Arithmetic> {
  readonly device?: DeviceChoice;
  /** Images in one submit at most. */
  readonly maxBatch?: number;
}

/** Terminals that have shown why there is no GPU: a command may load several models. */
const toldWhy = new WeakSet<Terminal>();

/** Loads the model, passes it to `work`, and releases its memory. */
export const withClassifier = <T>(
  model: OpenModel,
  terminal: Terminal,
  options: UseOptions,
  work: (classifier: NodeClassifier) => Promise<T>,
): Promise<T> => withLoaded(ImageClassifier, model, terminal, options, work);

/** The same with both towers of a CLIP or SigLIP model. */
export const withZeroShot = <T>(
  model: OpenModel,
  terminal: Terminal,
  options: UseOptions,
  work: (classifier: ZeroShotClassifier) => Promise<T>,
): Promise<T> => withLoaded(ZeroShotClassifier, model, terminal, options, work);

/** A CLIP or SigLIP model for the given labels, any other model with its own. */
export const withNamed = <T>(
  model: OpenModel,
  own: OwnLabels | undefined,
  terminal: Terminal,
  options: UseOptions,
  work: (classifier: NodeClassifier) => Promise<T>,
): Promise<T> => {
  if (!own) return withClassifier(model, terminal, options, work);
  const { labels, template } = own;
  const { signal } = terminal;
  return withZeroShot(model, terminal, options, async (it) =>
    work(await it.withLabels(labels, { template, signal })),
  );
};

/** Whether the model has a text tower in addition to the image tower, as CLIP has. */
export async function hasTextTower({ folder }: OpenModel): Promise<boolean> {
  const text = await folder.readText("config.json");
  return field(asFields(parseJson(text ?? "{}", "config.json"), "config.json"), "text_config") !== undefined;
}

interface Loader<C> {
  load(model: ModelSource, options: LoadOptions): Promise<C>;
}

/** The same for any `loader`. */
export async function withLoaded<C extends { dispose(): Promise<void> }, T>(
  loader: Loader<C>,
  { folder }: OpenModel,
  terminal: Terminal,
  options: UseOptions,
  work: (classifier: C) => Promise<T>,
): Promise<T> {
  const { signal } = terminal;
  const bar = new ProgressBar(terminal, `loading ${folder.id}`);
  const onProgress = ({ loaded = 0, total = 0, why }: LoadProgress) => {
    if (why && !toldWhy.has(terminal)) terminal.tell(`vit8: running on the CPU: ${why}\n`);
    if (why) toldWhy.add(terminal);
    bar.update(loaded, total);
  };
  const loading = loader.load(folder, { ...options, signal, onProgress });
  const classifier = await loading.finally(() => bar.clear());
  try {
    return await work(classifier);
  } finally {
    await classifier.dispose();
  }
}

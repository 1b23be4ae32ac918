/** Names of classes: from the config, from ImageNet-1k, or generated. */
import { part } from "../errors/part.ts";
import { asFields, asInteger, type Fields, field, malformed, readInteger } from "./fields.ts";
import { MAX_CLASSES } from "./limits.ts";

/** How logits become scores: `softmax` over all classes, or `sigmoid` of each. */
export type Scoring = "softmax" | "sigmoid";

/** `LABEL_0`, `LABEL_1`, ... as transformers makes them up. */
function madeUpLabels(classes: number): string[] {
  return Array.from({ length: classes }, (_, index) => `LABEL_${index}`);
}

/**
 * Names by class number, of a list or of an object whose keys are numbers; a place without a name, or with null, is
 * undefined. Throws ModelFormatError for a key that is no class number.
 */
export function readNames(given: unknown, who: string): (string | undefined)[] {
  const names: (string | undefined)[] = [];
  for (const [key, name] of Object.entries(Array.isArray(given) ? given : asFields(given, who))) {
    const index = /^\d{1,9}$/.test(key) ? Number(key) : key;
    names[asInteger(index, `${who} key`, 0, MAX_CLASSES - 1)] =
      name === null ? undefined : asLabel(name, `${who} ${key}`);
  }
  return names;
}

/** A name for each class: its own, or a synthetic one. */
export function labelsOf(names: readonly (string | undefined)[], classes: number): string[] {
  return madeUpLabels(classes).map((madeUp, index) => names[index] ?? madeUp);
}

export function asLabel(value: unknown, who: string): string {
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw malformed(who, "a name", value);
}

/**
 * A label for each class of a transformers config. If `num_labels` differs from the number of names, it replaces them. Without either there
 * are two classes. A class that is missing from `id2label` gets a generated name.
 */
export function transformersLabels(config: Fields): string[] {
  const given = field(config, "id2label");
  const names = given === undefined ? undefined : readNames(given, "id2label");
  const count = names && Object.keys(names).length;
  const classes = readInteger(config, "num_labels", 0, MAX_CLASSES, count ?? 2);
  if (!names || count !== classes) return labelsOf([], classes);
  // A gap is a class without a name. Names that begin at 1 are as many as the classes, as transformers counts them.
  return labelsOf(names, 0 in names ? names.length : classes);
}

/** How the scores are made, as transformers' pipeline decides it. */
export function readScoring(config: Fields, classes: number): Scoring {
  const sigmoid = classes === 1 || field(config, "problem_type") === "multi_label_classification";
  return sigmoid ? "sigmoid" : "softmax";
}

/**
 * ImageNet-1k's names for a model with 1000 classes and no names of its own (transformers writes `LABEL_n` for those, too). The list is
 * loaded only then.
 */
export async function fillLabels(labels: readonly string[]): Promise<readonly string[]> {
  const nameless = labels.length === 1000 && labels.every((label, index) => label === `LABEL_${index}`);
  return nameless ? (await part(import("./imagenet-labels.ts"))).IMAGENET_LABELS : labels;
}

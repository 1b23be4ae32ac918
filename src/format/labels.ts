/** Names of classes: those a config brings, ImageNet-1k's where it brings none, and made-up ones. */
import { part } from "../errors/part.ts";
import { MAX_CLASSES, type Scoring, type VitArchitecture } from "./architecture.ts";
import { asFields, asInteger, type Fields, field, malformed } from "./fields.ts";

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

/** A name for each class: its own, or a made-up one. */
export function labelsOf(names: readonly (string | undefined)[], classes: number): string[] {
  return madeUpLabels(classes).map((madeUp, index) => names[index] ?? madeUp);
}

export function asLabel(value: unknown, who: string): string {
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw malformed(who, "a name", value);
}

/** How the scores are made, as transformers' pipeline decides it. */
export function readScoring(config: Fields, classes: number): Scoring {
  const sigmoid = classes === 1 || field(config, "problem_type") === "multi_label_classification";
  return sigmoid ? "sigmoid" : "softmax";
}

/**
 * The architecture with ImageNet-1k's names where it has 1000 classes and brought no names of its own (transformers
 * writes `LABEL_n` for those, too). The list is loaded only then.
 */
export async function fillLabels(architecture: VitArchitecture): Promise<VitArchitecture> {
  const { classes, labels } = architecture;
  const nameless = classes === 1000 && labels.every((label, index) => label === `LABEL_${index}`);
  if (!nameless) return architecture;
  const { IMAGENET_LABELS } = await part(import("./imagenet-labels.ts"));
  return { ...architecture, labels: IMAGENET_LABELS };
}

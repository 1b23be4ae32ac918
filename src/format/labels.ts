/** Names of classes: those a config brings, ImageNet-1k's where it brings none, and made-up ones. */
import { MAX_CLASSES, type VitArchitecture } from "./architecture.ts";
import { asFields, asInteger, type Fields, field, malformed } from "./fields.ts";

/** `LABEL_0`, `LABEL_1`, ... as transformers makes them up. */
export function madeUpLabels(classes: number): string[] {
  return Array.from({ length: classes }, (_, index) => `LABEL_${index}`);
}

/** The labels of `id2label`, in order; undefined when there is none. Throws ModelFormatError when one is missing. */
export function readIdToLabel(config: Fields): string[] | undefined {
  const given = field(config, "id2label");
  if (given === undefined) return undefined;
  const labels = asFields(given, "id2label");
  const classes = asInteger(Object.keys(labels).length, "classes", 2, MAX_CLASSES);
  return Array.from({ length: classes }, (_, index) =>
    asLabel(field(labels, String(index)), `id2label ${index}`),
  );
}

export function asLabel(value: unknown, who: string): string {
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw malformed(who, "a name", value);
}

/** `classes` from the field, or what `labels` says. */
export function readClasses(config: Fields, key: string, labels: string[] | undefined): number {
  return asInteger(labels?.length ?? field(config, key), "classes", 2, MAX_CLASSES);
}

/**
 * The architecture with ImageNet-1k's names where it has 1000 classes and brought no names of its own (transformers
 * writes `LABEL_n` for those, too). The list is loaded only then.
 */
export async function fillLabels(architecture: VitArchitecture): Promise<VitArchitecture> {
  const { classes, labels } = architecture;
  const nameless = classes === 1000 && labels.every((label, index) => label === `LABEL_${index}`);
  if (!nameless) return architecture;
  const { IMAGENET_LABELS } = await import("./imagenet-labels.ts");
  return { ...architecture, labels: IMAGENET_LABELS };
}

// The metadata of an ONNX file: its labels, and how an image becomes `pixel_values`.

import type { OpenModel } from "./model.ts";
import { sourceOf } from "./model-card.ts";

/** `metadata_props` of the file; all but `model` and `scoring` are JSON. */
export function onnxMetadata({ folder, labels, preprocessing, scoring }: OpenModel): Record<string, string> {
  return {
    model: sourceOf(folder.id),
    preprocessing: JSON.stringify(preprocessing),
    ...(labels.length > 0 && { labels: JSON.stringify(labels), scoring }),
  };
}

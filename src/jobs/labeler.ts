// What a job needs of a model: classes and embedding of each image, from one run.

import { topClasses } from "../classifier/answer.ts";
import type { ClassifyOptions, LoadOptions, Report } from "../classifier/api.ts";
import { type LabelledAnswer, LocalClassifier } from "../classifier/local-classifier.ts";
import type { ModelSource } from "../format/folder.ts";
import { nodePlatform } from "../node/platform.ts";
import type { NodePicture } from "../node/source.ts";
import { LocalTextTower } from "../text/text-tower.ts";
import { describeText } from "../text/tower.ts";
import { normalized } from "../text/unit-length.ts";
import { TEMPLATE, ZeroShotClassifier } from "../text/zero-shot.ts";

export interface Labeler {
  readonly labels: readonly string[];
  readonly report: Report;
  answers(
    pictures: readonly NodePicture[],
    options: ClassifyOptions,
  ): Promise<PromiseSettledResult<LabelledAnswer>[]>;
  dispose(): Promise<void>;
}

/** Labels that a person names, and what each is put into. */
export interface OwnLabels {
  readonly labels: readonly string[];
  readonly template: string;
}

/** @param template undefined: the usual one */
export const ownLabels = (labels: readonly string[], template = TEMPLATE): OwnLabels => ({
  labels,
  template,
});

/** Loads a model with its own labels, or a CLIP or SigLIP model for the given labels. */
export const labelerOf = (own?: OwnLabels) => ({
  load: (model: ModelSource, options: LoadOptions): Promise<Labeler> =>
    own ? loadWithLabels(model, own, options) : LocalClassifier.loadOn(nodePlatform, model, options),
});

async function loadWithLabels(
  model: ModelSource,
  { labels, template }: OwnLabels,
  options: LoadOptions,
): Promise<Labeler> {
  const folder = await nodePlatform.openFolder(model, options);
  const { scoring } = await describeText(folder, options.signal);
  let images: LocalClassifier<NodePicture> | undefined;
  const load = {
    images: async (how: LoadOptions) => (images = await LocalClassifier.loadOn(nodePlatform, folder, how)),
    texts: (how: LoadOptions) => LocalTextTower.loadOn(nodePlatform, folder, how),
  };
  const both = await ZeroShotClassifier.loadWith<NodePicture>(folder, load, options);
  const texts = await both.embedText(labels, { template, signal: options.signal });
  return {
    labels,
    report: both.report,
    async answers(pictures, { topK = 0, signal }) {
      const answers = await images!.answers(pictures, { signal });
      return answers.map((answer) => {
        if (answer.status === "rejected" || !topK) return answer;
        const { embedding } = answer.value;
        const logits = both.logits(normalized(embedding), texts);
        return { ...answer, value: { classes: topClasses(logits, labels, topK, scoring), embedding } };
      });
    },
    dispose: () => both.dispose(),
  };
}

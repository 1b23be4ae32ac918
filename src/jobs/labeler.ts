// What a job needs of a model: classes and embedding of each image, from one run.

import { topClasses } from "../classifier/answer.ts";
import type { LoadOptions, Report } from "../classifier/api.ts";
import { LocalClassifier } from "../classifier/local-classifier.ts";
import type { ModelSource } from "../format/folder.ts";
import { nodePlatform } from "../node/platform.ts";
import type { NodePicture } from "../node/source.ts";
import { LocalTextTower } from "../text/text-tower.ts";
import { describeText } from "../text/tower.ts";
import { normalized } from "../text/unit-length.ts";
import { TEMPLATE, ZeroShotClassifier } from "../text/zero-shot.ts";
import { Budget } from "./budget.ts";
import { type Answers, type Asked, type Columns, columnsOf, type Encoded } from "./columns.ts";

export interface Labeler {
  readonly labels: readonly string[];
  readonly report: Report;
  /** Groups of images to ask for ahead, so that it never waits for the next. */
  readonly ahead: number;
  /** @throws the signal's reason, and whatever ends a job; the error of an image is in its columns */
  columns(images: readonly Encoded[], asked: Asked): Promise<Columns[]>;
  dispose(): Promise<void>;
}

/** Pixels that are decoded at a time: hundreds of small images, or a few of a phone's. */
export const PIXEL_BYTES = 256 << 20;
/** An image takes several turns of the event loop, which a model on the CPU holds up. */
const AHEAD = 8;

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
export const labelerOf = (own?: OwnLabels, platform = nodePlatform, pixelBytes = PIXEL_BYTES) => ({
  load: async (model: ModelSource, options: LoadOptions): Promise<Labeler> =>
    labelerWith(
      await (own
        ? loadWithLabels(model, own, options, platform)
        : LocalClassifier.loadOn(platform, model, options)),
      new Budget(pixelBytes),
    ),
});

interface Model extends Pick<Labeler, "labels" | "report" | "dispose"> {
  readonly answers: Answers;
}

function labelerWith(model: Model, pixels: Budget): Labeler {
  const answers: Answers = (pictures, options) => model.answers(pictures, options);
  return {
    labels: model.labels,
    report: model.report,
    ahead: AHEAD,
    columns: (images, asked) => columnsOf(images, asked, answers, pixels),
    dispose: () => model.dispose(),
  };
}

async function loadWithLabels(
  model: ModelSource,
  { labels, template }: OwnLabels,
  options: LoadOptions,
  platform: typeof nodePlatform,
): Promise<Model> {
  const folder = await platform.openFolder(model, options);
  const { scoring } = await describeText(folder, options.signal);
  let images: LocalClassifier<NodePicture> | undefined;
  const load = {
    images: async (how: LoadOptions) => (images = await LocalClassifier.loadOn(platform, folder, how)),
    texts: (how: LoadOptions) => LocalTextTower.loadOn(platform, folder, how),
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

// `vit8 classify`: classifies images.

import { stat } from "node:fs/promises";
import type { Classification } from "../classifier/answer.ts";
import { percent } from "../classifier/percent.ts";
import { shownLabel } from "../classifier/shown-label.ts";
import { inLine } from "../errors/visible.ts";
import { answerEach } from "./answers.ts";
import { type Command, UsageError } from "./command.ts";
import { LABELS, labelsFrom } from "./labels.ts";
import { arithmeticFrom, deviceFrom, hubFrom, openChecked, RUN, withNamed } from "./model.ts";
import { picturesIn } from "./pictures.ts";

export const classify: Command = {
  name: "classify",
  usage: "IMAGE... [--model MODEL]",
  summary: "Classifies images, or all images of a folder, most probable label first.",
  options: {
    ...RUN,
    ...LABELS,
    "top-k": { value: "N", short: "k", help: "labels per image; default 5" },
    json: {
      help: "print an array of { picture, classes: [{ label, score, index }] }, or { picture, error: { name, code, message } }",
    },
  },
  async run(args, terminal) {
    if (args.positionals.length === 0) throw new UsageError("IMAGE: expected at least one, got none.");
    const files = (await Promise.all(args.positionals.map(picturesAt))).flat();
    const options = { ...arithmeticFrom(args), device: deviceFrom(args), maxBatch: 1 };
    const own = await labelsFrom(args);
    const topK = args.count("top-k") ?? 5;
    const { signal } = terminal;
    return answerEach(files, args, terminal, {
      withModel: async (work) => {
        const model = await openChecked(args.text("model"), signal, hubFrom(args));
        await withNamed(model, own, terminal, options, work);
      },
      answerOf: async (classifier, pixels) => ({
        classes: await classifier.classify(pixels, { topK, signal }),
      }),
      lines,
    });
  },
};

/** A folder is its images. */
async function picturesAt(place: string): Promise<string[]> {
  const stats = await stat(place).catch(() => undefined);
  return stats?.isDirectory() ? picturesIn(place) : [place];
}

function lines(picture: string, { classes }: { classes: readonly Classification[] }): string {
  const rows = classes.map((one) => `${percent(one.score).padStart(8)}  ${inLine(shownLabel(one))}\n`);
  return `${inLine(picture)}\n${rows.join("")}`;
}

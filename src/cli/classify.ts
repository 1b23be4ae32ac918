// `vit8 classify`: classifies images.

import { stat } from "node:fs/promises";
import type { Classification } from "../classifier/answer.ts";
import { percent } from "../classifier/percent.ts";
import { PictureError } from "../errors/errors.ts";
import { inLine } from "../errors/visible.ts";
import { type Command, UsageError } from "./command.ts";
import { type ErrorJson, errorJson } from "./error-json.ts";
import { tellBad, tryPicture } from "./good-pictures.ts";
import { LABELS, labelsFrom } from "./labels.ts";
import { arithmeticFrom, deviceFrom, hubFrom, openChecked, RUN, withNamed } from "./model.ts";
import { picturesIn } from "./pictures.ts";
import { ProgressBar } from "./progress.ts";
import { json } from "./terminal.ts";

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
    const answers: Answer[] = [];
    const bar = new ProgressBar(terminal, "classifying");
    const nextGood = async (from: number) => {
      for (const [i, picture] of files.entries()) {
        if (i < from) continue;
        const pixels = await tryPicture(picture, signal);
        signal.throwIfAborted();
        if (!(pixels instanceof PictureError)) return { i, picture, pixels };
        bar.clear();
        tellBad(pixels, terminal);
        answers.push({ picture, error: errorJson(pixels) });
      }
    };
    // Reports a bad image or model immediately, before the GPU starts.
    let next = await nextGood(0);
    if (next) {
      const model = await openChecked(args.text("model"), signal, hubFrom(args));
      await withNamed(model, own, terminal, options, async (classifier) => {
        for (; next; next = await nextGood(next.i + 1)) {
          const { i, picture, pixels } = next;
          bar.update(i, files.length);
          const classes = await classifier.classify(pixels, { topK, signal });
          bar.clear();
          answers.push({ picture, classes });
          if (!args.flag("json")) terminal.print(lines(picture, classes));
        }
      }).finally(() => bar.clear());
    }
    if (args.flag("json")) terminal.print(json(answers));
    return answers.some(({ error }) => error) ? 1 : 0;
  },
};

/** A folder is its images. */
async function picturesAt(place: string): Promise<string[]> {
  const stats = await stat(place).catch(() => undefined);
  return stats?.isDirectory() ? picturesIn(place) : [place];
}

/** The result for one image: `classes`, or its error. */
interface Answer {
  readonly picture: string;
  readonly classes?: readonly Classification[];
  readonly error?: ErrorJson;
}

function lines(picture: string, classes: readonly Classification[]): string {
  const rows = classes.map(({ label, score }) => `${percent(score).padStart(8)}  ${inLine(label)}\n`);
  return `${inLine(picture)}\n${rows.join("")}`;
}

// `vit8 classify`: names what is in pictures.

import type { Classification } from "../classifier/answer.ts";
import { readPicture } from "../node/picture.ts";
import { type Command, UsageError } from "./command.ts";
import {
  ARITHMETIC,
  arithmeticFrom,
  bundledModel,
  DEVICE,
  deviceFrom,
  HUB,
  hubFrom,
  openChecked,
  withClassifier,
} from "./model.ts";
import { ProgressBar } from "./progress.ts";

export const classify: Command = {
  name: "classify",
  usage: "PICTURE... [--model MODEL]",
  summary: "Names what is in pictures, most probable first.",
  options: {
    model: {
      value: "MODEL",
      short: "m",
      help: "a model folder, a Hugging Face id or a URL; default: the bundled everyday80",
    },
    ...HUB,
    ...ARITHMETIC,
    ...DEVICE,
    "top-k": { value: "N", short: "k", help: "labels for each picture; default 5" },
    json: { help: "print an array of { picture, classes: [{ label, score, index }] }" },
  },
  async run(args, terminal) {
    const files = args.positionals;
    if (files.length === 0) throw new UsageError("expected a PICTURE");
    const options = { ...arithmeticFrom(args), device: deviceFrom(args), maxBatch: 1 };
    const topK = args.count("top-k") ?? 5;
    const { signal } = terminal;
    // A wrong picture or model is told at once, before the GPU is woken.
    const first = await readPicture(files[0]);
    const model = await openChecked(args.text("model") ?? bundledModel(), signal, hubFrom(args));
    const answers: { picture: string; classes: Classification[] }[] = [];
    const bar = new ProgressBar(terminal, "classifying");
    await withClassifier(model, terminal, options, async (classifier) => {
      for (const [i, picture] of files.entries()) {
        bar.update(i, files.length);
        const pixels = i === 0 ? first : await readPicture(picture);
        const classes = await classifier.classify(pixels, { topK, signal });
        bar.clear();
        answers.push({ picture, classes });
        if (!args.flag("json")) terminal.print(lines(picture, classes));
      }
    }).finally(() => bar.clear());
    if (args.flag("json")) terminal.print(`${JSON.stringify(answers, null, 2)}\n`);
  },
};

function lines(picture: string, classes: readonly Classification[]): string {
  const rows = classes.map(({ label, score }) => `${(score * 100).toFixed(1).padStart(6)} %  ${label}\n`);
  return `${picture}\n${rows.join("")}`;
}

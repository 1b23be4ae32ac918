// One answer for each image of a command line. A bad image has its error, and the others are answered.

import type { PixelData } from "../classifier/picture.ts";
import { PictureError } from "../errors/errors.ts";
import type { NodeClassifier } from "../node/index.ts";
import type { Arguments } from "./command.ts";
import { errorJson } from "./error-json.ts";
import { tellBad, tryPicture } from "./good-pictures.ts";
import { ProgressBar } from "./progress.ts";
import { json, type Terminal } from "./terminal.ts";

/** What a command does with an image. */
interface Answering<T> {
  /** Loads the model, passes it to `work`, and releases its memory. */
  readonly withModel: (work: (classifier: NodeClassifier) => Promise<void>) => Promise<void>;
  readonly answerOf: (classifier: NodeClassifier, pixels: PixelData) => Promise<T>;
  /** The answer on the terminal. */
  readonly lines: (picture: string, answer: T) => string;
}

/** Prints each answer, or with `--json` an array of them. @returns the exit code: 1 with a bad image */
export async function answerEach<T extends object>(
  files: readonly string[],
  args: Arguments,
  terminal: Terminal,
  { withModel, answerOf, lines }: Answering<T>,
): Promise<number> {
  const { signal } = terminal;
  const answers: object[] = [];
  const bar = new ProgressBar(terminal, "classifying");
  let failed = 0;
  const nextGood = async (from: number) => {
    for (const [i, picture] of files.entries()) {
      if (i < from) continue;
      const pixels = await tryPicture(picture, signal);
      signal.throwIfAborted();
      if (!(pixels instanceof PictureError)) return { i, picture, pixels };
      bar.clear();
      tellBad(pixels, terminal);
      answers.push({ picture, error: errorJson(pixels) });
      failed++;
    }
  };
  // Reports a bad image or model immediately, before the GPU starts.
  let next = await nextGood(0);
  if (next)
    await withModel(async (classifier) => {
      for (; next; next = await nextGood(next.i + 1)) {
        const { i, picture, pixels } = next;
        bar.update(i, files.length);
        const answer = await answerOf(classifier, pixels);
        bar.clear();
        answers.push({ picture, ...answer });
        if (!args.flag("json")) terminal.print(lines(picture, answer));
      }
    }).finally(() => bar.clear());
  if (args.flag("json")) terminal.print(json(answers));
  return failed ? 1 : 0;
}

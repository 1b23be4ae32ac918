// `vit8 detect`: the objects in images and their boxes.

import type { Detection } from "../classifier/detect.ts";
import { percent } from "../classifier/percent.ts";
import { shownLabel } from "../classifier/shown-label.ts";
import { inLine } from "../errors/visible.ts";
import { answerEach } from "./answers.ts";
import { type Arguments, type Command, UsageError } from "./command.ts";
import { arithmeticFrom, deviceFrom, hubFrom, openChecked, RUN, withClassifier } from "./model.ts";

export const detect: Command = {
  name: "detect",
  usage: "IMAGE... --model MODEL",
  summary: "Detects objects in images with a detection model such as YOLOS, highest score first.",
  options: {
    ...RUN,
    model: { ...RUN.model, help: "a model folder, a Hugging Face id or a URL" },
    threshold: { value: "N", help: "minimum score, 0 to 1; default 0.5" },
    "top-k": { value: "N", short: "k", help: "maximum number of objects per image; default: all" },
    json: {
      help: "print an array of { picture, objects: [{ label, index, score, box: { x, y, width, height } }] }, or { picture, error }",
    },
  },
  async run(args, terminal) {
    const pictures = args.positionals;
    if (pictures.length === 0) throw new UsageError("IMAGE: expected at least one, got none.");
    const name = args.needed("model", "a model");
    const { signal } = terminal;
    const options = { threshold: thresholdFrom(args), topK: args.count("top-k"), signal };
    const loading = { ...arithmeticFrom(args), device: deviceFrom(args), maxBatch: 1 };
    return answerEach(pictures, args, terminal, {
      withModel: async (work) =>
        withClassifier(await openChecked(name, signal, hubFrom(args)), terminal, loading, work),
      answerOf: async (classifier, pixels) => ({ objects: await classifier.detect(pixels, options) }),
      lines,
    });
  },
};

function thresholdFrom(args: Arguments): number | undefined {
  const text = args.text("threshold");
  if (text === undefined) return undefined;
  const threshold = Number(text);
  if (text.trim() !== "" && threshold >= 0 && threshold <= 1) return threshold;
  throw new UsageError(`--threshold: expected a number from 0 to 1, got "${text}".`);
}

function lines(picture: string, { objects }: { objects: readonly Detection[] }): string {
  const rows = objects.map((object) => {
    const { score, box } = object;
    const [x, y, width, height] = [box.x, box.y, box.width, box.height].map((pixels) => pixels.toFixed(0));
    return `${percent(score).padStart(8)}  ${inLine(shownLabel(object))}  ${width}x${height} at ${x}, ${y}\n`;
  });
  return `${inLine(picture)}\n${rows.join("") || "  nothing\n"}`;
}

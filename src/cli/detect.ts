// `vit8 detect`: the objects in images and their boxes.

import type { Detection } from "../classifier/detect.ts";
import { percent } from "../classifier/percent.ts";
import { PictureError } from "../errors/errors.ts";
import { inLine } from "../errors/visible.ts";
import { type Arguments, type Command, UsageError } from "./command.ts";
import { type ErrorJson, errorJson } from "./error-json.ts";
import { tellBad, tryPicture } from "./good-pictures.ts";
import {
  ARITHMETIC,
  arithmeticFrom,
  DEVICE,
  deviceFrom,
  HUB,
  hubFrom,
  openChecked,
  withClassifier,
} from "./model.ts";
import { json } from "./terminal.ts";

export const detect: Command = {
  name: "detect",
  usage: "IMAGE... --model MODEL",
  summary: "Detects objects in images with a detection model such as YOLOS, highest score first.",
  options: {
    model: { value: "MODEL", short: "m", help: "a model folder, a Hugging Face id or a URL" },
    ...HUB,
    ...ARITHMETIC,
    ...DEVICE,
    threshold: { value: "N", help: "minimum score, 0 to 1; default 0.5" },
    "top-k": { value: "N", short: "k", help: "maximum number of objects per image; default: all" },
    json: {
      help: "print an array of { picture, objects: [{ label, index, score, box: { x, y, width, height } }] }, or { picture, error }",
    },
  },
  async run(args, terminal) {
    const pictures = args.positionals;
    if (pictures.length === 0) throw new UsageError("IMAGE: expected at least one, got none.");
    const name = args.text("model");
    if (name === undefined) throw new UsageError("--model: expected a model, got none.");
    const { signal } = terminal;
    const answers: Answer[] = [];
    const options = { threshold: thresholdFrom(args), topK: args.count("top-k"), signal };
    const model = await openChecked(name, signal, hubFrom(args));
    const loading = { ...arithmeticFrom(args), device: deviceFrom(args), maxBatch: 1 };
    await withClassifier(model, terminal, loading, async (classifier) => {
      for (const picture of pictures) {
        const pixels = await tryPicture(picture, signal);
        if (pixels instanceof PictureError) {
          tellBad(pixels, terminal);
          answers.push({ picture, error: errorJson(pixels) });
          continue;
        }
        const objects = await classifier.detect(pixels, options);
        answers.push({ picture, objects });
        if (!args.flag("json")) terminal.print(lines(picture, objects));
      }
    });
    if (args.flag("json")) terminal.print(json(answers));
    return answers.some(({ error }) => error) ? 1 : 0;
  },
};

/** The result for one image: its objects, or its error. */
interface Answer {
  readonly picture: string;
  readonly objects?: readonly Detection[];
  readonly error?: ErrorJson;
}

function thresholdFrom(args: Arguments): number | undefined {
  const text = args.text("threshold");
  if (text === undefined) return undefined;
  const threshold = Number(text);
  if (text.trim() !== "" && threshold >= 0 && threshold <= 1) return threshold;
  throw new UsageError(`--threshold: expected a number from 0 to 1, got "${text}".`);
}

function lines(picture: string, objects: readonly Detection[]): string {
  const rows = objects.map(({ label, score, box }) => {
    const [x, y, width, height] = [box.x, box.y, box.width, box.height].map((pixels) => pixels.toFixed(0));
    return `${percent(score).padStart(8)}  ${inLine(label)}  ${width}x${height} at ${x}, ${y}\n`;
  });
  return `${inLine(picture)}\n${rows.join("") || "  nothing\n"}`;
}

// `vit8 search`: the pictures of a file of embeddings that are most like a picture.

import { inLine } from "../errors/visible.ts";
import { nearest } from "../jobs/nearest.ts";
import { openRows } from "../jobs/output.ts";
import { readSource } from "../node/source.ts";
import { type Command, UsageError } from "./command.ts";
import { DEVICE, deviceFrom, HUB, hubFrom, openChecked, withClassifier } from "./model.ts";
import { json } from "./terminal.ts";

export const search: Command = {
  name: "search",
  usage: "PICTURE --in FILE [-n N]",
  summary:
    "Finds the pictures most like one, by the cosine of embeddings that vit8 label --embed has written.",
  options: {
    in: { value: "FILE", help: "the output of vit8 label --embed" },
    number: { value: "N", short: "n", help: "how many; default 10" },
    model: {
      value: "MODEL",
      short: "m",
      help: "the model that made the embeddings; default: the one that FILE names",
    },
    ...HUB,
    ...DEVICE,
    json: { help: "print an array of { key, similarity }" },
  },
  async run(args, terminal) {
    const [picture] = args.exactly("PICTURE");
    const file = args.text("in");
    if (!file) throw new UsageError("expected --in FILE");
    const { signal } = terminal;
    const { metadata } = await openRows(file);
    const pixels = await readSource(picture, signal);
    const model = await openChecked(args.text("model") ?? metadata.model, signal, hubFrom(args));
    const found = await withClassifier(
      model,
      terminal,
      { device: deviceFrom(args), maxBatch: 1 },
      async (classifier) =>
        nearest(file, await classifier.embed(pixels, { signal }), args.count("number") ?? 10),
    );
    const lines = found.map(({ key, similarity }) => `${similarity.toFixed(4)}  ${inLine(key)}\n`);
    terminal.print(args.flag("json") ? json(found) : lines.join(""));
    return 0;
  },
};

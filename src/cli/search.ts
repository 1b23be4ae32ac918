// `vit8 search`: the images of a file of embeddings that are most like an image.

import { stat } from "node:fs/promises";
import { inLine } from "../errors/visible.ts";
import { isAddress } from "../jobs/address.ts";
import { isPictureName } from "../jobs/files.ts";
import { hashingFolder } from "../jobs/hashing-folder.ts";
import { nearest } from "../jobs/nearest.ts";
import { openRows } from "../jobs/output.ts";
import { readSource } from "../node/source.ts";
import type { Command } from "./command.ts";
import { DEVICE, deviceFrom, HUB, hubFrom, openChecked, withClassifier, withZeroShot } from "./model.ts";
import { mustBeFile } from "./paths.ts";
import { json } from "./terminal.ts";

export const search: Command = {
  name: "search",
  usage: "IMAGE|TEXT --in FILE [-n N]",
  summary:
    "Finds the images most similar to an image or a text, by the embeddings that vit8 label --embed wrote.",
  options: {
    in: { value: "FILE", help: "the output of vit8 label --embed" },
    number: { value: "N", short: "n", help: "number of results; default 10" },
    model: {
      value: "MODEL",
      short: "m",
      help: "the model of the embeddings; default: the one that FILE names",
    },
    ...HUB,
    ...DEVICE,
    json: { help: "print an array of { key, similarity }" },
  },
  notes: `IMAGE is a file or a URL; anything else is TEXT, which needs a CLIP or SigLIP model:
vit8 search "a dog on a beach" --in pictures.parquet`,
  async run(args, terminal) {
    const [query] = args.exactly("IMAGE or TEXT");
    const file = args.needed("in", "a FILE");
    const { signal } = terminal;
    await mustBeFile(file);
    const { metadata } = await openRows(file);
    const pixels = (await isPicture(query)) ? await readSource(query, signal) : undefined;
    const name = args.text("model") ?? metadata.model;
    const opened = await openChecked(name, signal, hubFrom(args));
    const { folder, sha256 } = hashingFolder(opened.folder);
    const isOther = pixels !== undefined && name !== metadata.model;
    const model = isOther ? { ...opened, folder } : opened;
    const options = { device: deviceFrom(args), maxBatch: 1 };
    const embedding = pixels
      ? await withClassifier(model, terminal, options, (it) => it.embed(pixels, { signal }))
      : await withZeroShot(
          model,
          terminal,
          options,
          async (it) => (await it.embedText([query], { signal }))[0],
        );
    if (isOther && sha256() !== metadata.sha256)
      terminal.tell(
        `vit8: ${inLine(file)}: the embeddings were made with other weights (${inLine(metadata.model)}), so the similarities may be meaningless.\n`,
      );
    const found = await nearest(file, embedding, args.count("number") ?? 10);
    const lines = found.map(({ key, similarity }) => `${similarity.toFixed(4)}  ${inLine(key)}\n`);
    terminal.print(args.flag("json") ? json(found) : lines.join(""));
    return 0;
  },
};

/** An existing file, a URL, or a name with an image's suffix, so that a mistyped name is not searched as text. */
async function isPicture(query: string): Promise<boolean> {
  if (isAddress(query) || isPictureName(query)) return true;
  return stat(query).then(
    () => true,
    () => false,
  );
}

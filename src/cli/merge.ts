// `vit8 merge`: the outputs of all shards as one.

import { mergeShards } from "../jobs/merge.ts";
import { type Command, UsageError } from "./command.ts";
import { mustBeFile } from "./paths.ts";

export const merge: Command = {
  name: "merge",
  usage: "OUT PART...",
  summary:
    "Joins the outputs of all shards of a vit8 label job, and checks that no image is missing or repeated.",
  options: {},
  async run(args, terminal) {
    const [output, ...parts] = args.positionals;
    if (parts.length === 0) throw new UsageError("expected OUT and at least one PART, got fewer arguments.");
    for (const part of parts) await mustBeFile(part);
    const rows = await mergeShards(output, parts);
    terminal.tell(`vit8: ${output}: ${rows} rows of ${parts.length} files\n`);
    return 0;
  },
};

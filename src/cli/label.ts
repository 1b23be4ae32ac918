// `vit8 label`: one row for each image of a data set, in a file that other tools read.

import { stdin } from "node:process";
import type { LoadOptions } from "../classifier/api.ts";
import { inLine } from "../errors/visible.ts";
import type { ModelSource } from "../format/folder.ts";
import { isAddress } from "../jobs/address.ts";
import { countOf } from "../jobs/count.ts";
import type { Shard } from "../jobs/entry.ts";
import { hashingFolder } from "../jobs/hashing-folder.ts";
import { entriesOf } from "../jobs/inputs.ts";
import { runJob } from "../jobs/job.ts";
import { type KeptFolder, keptFolder } from "../jobs/kept-folder.ts";
import { type Labeler, labelerOf, ownLabels } from "../jobs/labeler.ts";
import type { ThreadStart } from "../jobs/labeler-thread.ts";
import { inThreads, labelerThreads } from "../jobs/labeler-threads.ts";
import { formatOf } from "../jobs/output.ts";
import { parseShard, shardOfEnvironment } from "../jobs/shard-from.ts";
import { loadSharp } from "../node/picture.ts";
import { type Arguments, type Command, UsageError } from "./command.ts";
import { LABELS, labelsFrom } from "./labels.ts";
import { arithmeticFrom, deviceFrom, hubFrom, openChecked, RUN, withLoaded } from "./model.ts";
import { Pace } from "./pace.ts";
import { mustExist } from "./paths.ts";
import type { Terminal } from "./terminal.ts";
import { version } from "./version.ts";

export const label: Command = {
  name: "label",
  usage: "INPUT... -o OUT [--model MODEL]",
  summary: "Labels or embeds many images: one row per image in a .jsonl, .csv or .parquet file.",
  options: {
    output: { value: "OUT", short: "o", help: "the file to write; its extension sets the format" },
    ...RUN,
    ...LABELS,
    "top-k": { value: "N", short: "k", help: "labels per image; default 5" },
    embed: { help: "also write the embedding of each image" },
    resume: { help: "continue an interrupted job" },
    shard: {
      value: "I/N",
      help: "only shard I of N, from 0; default: from Slurm, AWS Batch or Kubernetes",
    },
  },
  notes: `INPUT is an image, a folder, a tar or ZIP file, a Parquet file with a column of images, an http(s) URL, or a text file
with a path or a URL on each line; - reads such lines from standard input.

An image that cannot be read is a row with its error, and the exit code is 3. Until OUT is complete, rows are kept in
OUT.parts; --resume continues from there. docs/jobs.md has scripts for Slurm, Kubernetes and AWS Batch.`,
  async run(args, terminal) {
    const inputs = args.positionals;
    if (inputs.length === 0) throw new UsageError("INPUT: expected at least one, got none.");
    const output = args.needed("output", "-o OUT");
    await formatOf(output);
    // A typing error here leaves no unfinished job behind.
    for (const input of inputs) if (input !== "-" && !isAddress(input)) await mustExist(input);
    // Images are decoded once each: what libvips keeps of the last ones would only be memory.
    (await loadSharp()).cache(false);
    const shard = shardFrom(args, terminal);
    const arithmetic = arithmeticFrom(args);
    const given = await labelsFrom(args);
    const own = given && ownLabels(given.labels, given.template);
    const model = await openChecked(args.text("model"), terminal.signal, hubFrom(args));
    const { folder, sha256 } = hashingFolder(model.folder);
    const kept = keptFolder(folder);
    const options = { ...arithmetic, device: deviceFrom(args) };
    const loader = {
      load: async (source: ModelSource, how: LoadOptions) =>
        onAllCores(await labelerOf(own).load(source, how), kept, { own, options: arithmetic }, terminal),
    };
    return withLoaded(loader, { ...model, folder: kept.folder }, terminal, options, async (labeler) => {
      const { signal } = terminal;
      const pace = new Pace(terminal);
      void countOf(inputs, signal).then((pictures) => {
        // Shards are even.
        pace.total = pictures && Math.ceil(pictures / (shard?.count ?? 1));
      });
      const metadata = {
        vit8: version(),
        model: labeler.report.model,
        sha256: sha256(),
        arithmetic: `${arithmetic.precision}, ${arithmetic.nonlinear}${arithmetic.integerOnly ? ", integer only" : ""}`,
        ...own,
        date: new Date().toISOString().slice(0, 10),
      };
      const { pictures, rows, failed } = await runJob({
        entries: entriesOf(inputs, { signal, stdin }),
        labeler,
        output,
        topK: args.count("top-k") ?? 5,
        embed: args.flag("embed"),
        resume: args.flag("resume"),
        shard,
        metadata,
        inputs,
        signal,
        onProgress: (done, here) => pace.update(done, here),
      }).finally(() => pace.end());
      if (pictures === 0) terminal.tell(`vit8: ${inputs.map(inLine).join(", ")}: no images found\n`);
      terminal.tell(`vit8: ${output}: ${rows} rows, ${failed} of them with an error\n`);
      return failed ? 3 : 0;
    });
  },
};

/** A model on a GPU stays as it is. */
function onAllCores(
  labeler: Labeler,
  kept: KeptFolder,
  start: Pick<ThreadStart, "own" | "options">,
  terminal: Terminal,
): Labeler {
  const { backend, gpuBytes } = labeler.report;
  const lost = (why: string) =>
    terminal.tell(`vit8: a thread ended (${inLine(why)}). The job continues without it.\n`);
  const threads = labelerThreads(gpuBytes, () => ({ ...start, files: kept.take() }), lost);
  if (backend === "cpu" && threads.count > 1) return inThreads(labeler, threads);
  kept.forget();
  return labeler;
}

function shardFrom(args: Arguments, terminal: Terminal): Shard | undefined {
  const text = args.text("shard");
  if (text !== undefined) return parseShard(text);
  const found = shardOfEnvironment(process.env);
  if (found)
    terminal.tell(`vit8: shard ${found.shard.index}/${found.shard.count}, from ${inLine(found.from)}\n`);
  return found?.shard;
}

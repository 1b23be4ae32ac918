// `vit8 inspect --error`: which tensors lose the most in int8, and where the outlier channels are.

import { writeWhole } from "../node/write-file.ts";
import type { Arguments } from "./command.ts";
import { errorReport } from "./error-report.ts";
import { errorTables } from "./error-tables.ts";
import { goodPictures } from "./good-pictures.ts";
import { hubFrom, openChecked } from "./model.ts";
import { outlierPlot } from "./outlier-plot.ts";
import { picturesIn } from "./pictures.ts";
import { json, type Terminal } from "./terminal.ts";

export const ERROR_OPTIONS = {
  error: { help: "print the int8 error of each weight and activation of MODEL on IMAGES, worst first" },
  float: { value: "MODEL", help: "with --error and an int8 MODEL: the float model that it was made from" },
  layers: {
    help: "with --error: also quantize the weights of one layer at a time, and print what each costs the logits",
  },
  limit: { value: "N", help: "with --error: only the first N images; default 8" },
  plot: { value: "FILE", help: "with --error: plot the input channels of each LayerNorm as SVG" },
};

const PICTURES = 8;

export async function inspectError(args: Arguments, terminal: Terminal): Promise<number> {
  const [name, folder] = args.exactly("MODEL", "IMAGES");
  const asked = (await picturesIn(folder)).slice(0, args.count("limit") ?? PICTURES);
  const files = await goodPictures(asked, (file) => file, terminal);
  const hub = hubFrom(args);
  const model = await openChecked(name, terminal.signal, hub);
  const float = args.text("float");
  const reference =
    float === undefined ? model : await openChecked(float, terminal.signal, { ...hub, revision: undefined });
  const report = await errorReport(model, reference, files, terminal, { layers: args.flag("layers") });
  const plot = args.text("plot");
  terminal.print(args.flag("json") ? json(report) : errorTables(report));
  if (plot) await writeWhole(plot, [outlierPlot(report.normInputs)], terminal.signal);
  return files.length < asked.length ? 1 : 0;
}

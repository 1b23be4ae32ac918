import { KERNEL_COLUMNS, SHAPE_COLUMNS } from "../../../src/bench/columns.ts";
import { benchKernels, type KernelRow, largestOf } from "../../../src/bench/kernels.ts";
import { type Bench, definePage } from "../bench-page.ts";
import { rooflinePlot } from "../plots/roofline.ts";
import { timesPlot } from "../plots/times.ts";
import { tasksOf } from "./tasks.ts";

export const kernels = definePage<KernelRow>({
  id: "kernels",
  title: "Kernels",
  lead: "Every kernel separately, at the shapes of a model: checked against its f64 reference, then timed.",
  parameters: ["models", "batch", "size", "kernel", "clock"],
  presets: { quick: {}, standard: {}, full: { models: ["ti", "s", "b"] } },
  async measure(bench: Bench) {
    const all = await tasksOf(bench, bench.suites);
    const tasks = bench.settings.preset === "quick" ? largestOf(all) : all;
    await benchKernels(bench.device, tasks, { ...bench, peaks: await bench.peaks() });
  },
  columns: [...SHAPE_COLUMNS, ...KERNEL_COLUMNS],
  plots: [timesPlot, rooflinePlot],
});

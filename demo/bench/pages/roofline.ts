import { KERNEL_COLUMNS, SHAPE_COLUMNS } from "../../../src/bench/columns.ts";
import { benchKernels, chosenTasks, type KernelRow } from "../../../src/bench/kernels.ts";
import { type Bench, definePage } from "../bench-page.ts";
import { rooflinePlot } from "../plots/roofline.ts";
import { tasksOf } from "./tasks.ts";

export const roofline = definePage<KernelRow>({
  id: "roofline",
  title: "Roofline",
  lead: "How close the kernels of a model get to the peak performance of this adapter, by batch and image size. Larger dots are larger batches.",
  parameters: ["models", "batch", "size", "kernel", "clock"],
  presets: {
    quick: { batch: [1, 4] },
    standard: { models: ["ti", "b"], batch: [1, 8, 32], size: [224, 384] },
    full: { models: ["ti", "s", "b", "l"], batch: [1, 4, 16, 32], size: [224, 384, 512] },
  },
  async measure(bench: Bench) {
    const peaks = await bench.peaks();
    const tasks = await tasksOf(bench, bench.suites, chosenTasks);
    await benchKernels(bench.device, tasks, { ...bench, peaks });
  },
  columns: [...SHAPE_COLUMNS, ...KERNEL_COLUMNS],
  plots: [rooflinePlot],
});

import { KERNEL_COLUMNS, SHAPE_COLUMNS } from "../../../src/bench/columns.ts";
import { benchKernels, type KernelRow } from "../../../src/bench/kernels.ts";
import { type Bench, definePage } from "../bench-page.ts";
import { heatPlot } from "../plots/heat.ts";
import { tasksOf } from "./tasks.ts";

/** Those of a model's first block, and the patches: every other block has the same shapes. */
const SHAPES_OF_A_MODEL = /^(?:patch|blocks\.0\.(?:qkv|proj|fc1|fc2))$/;

export const gemm = definePage<KernelRow>({
  id: "gemm",
  title: "GEMM",
  lead: "The int8 matrix products of DeiT-Ti, -S, -B and ViT-L at several batch sizes, with every variant.",
  parameters: ["models", "batch", "size", "kernel", "clock"],
  presets: {
    quick: {},
    standard: { models: ["ti", "s", "b"], batch: [1, 8] },
    full: { models: ["ti", "s", "b", "l"], batch: [1, 8, 32] },
  },
  async measure(bench: Bench) {
    const suites = bench.suites.filter(({ kernel }) => kernel.name.startsWith("gemm_int8"));
    const tasks = (await tasksOf(bench, suites)).filter(({ step }) => SHAPES_OF_A_MODEL.test(step));
    await benchKernels(bench.device, tasks, { ...bench, peaks: await bench.peaks() });
  },
  columns: [...SHAPE_COLUMNS, ...KERNEL_COLUMNS],
  plots: [heatPlot],
});

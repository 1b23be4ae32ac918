// `vit8 bench`: how fast the kernels and whole models are here, and how fast others are.

import { benchModelOnCpu, type CpuRow } from "../bench/cpu-models.ts";
import { Device } from "../bench/device.ts";
import {
  allCases,
  benchKernels,
  type KernelBenchOptions,
  type KernelRow,
  kernelTasks,
  largestOf,
} from "../bench/kernels.ts";
import { madeUpModel, SHAPES, type ShapeName } from "../bench/made-up-model.ts";
import { benchModel, type ModelRow } from "../bench/models.ts";
import { measurePeaks } from "../bench/peaks.ts";
import { QUICK, STANDARD } from "../bench/sampling.ts";
import { openGpu } from "../gpu/gpu.ts";
import type { Arithmetic } from "../lower/arithmetic.ts";
import { nodeGpu, restfulWait } from "../node/gpu.ts";
import { nodeThreads } from "../node/threads.ts";
import { benchPeer, peerTable } from "./bench-peer.ts";
import { type BenchReport, benchTables, type CpuReport, cpuTables } from "./bench-tables.ts";
import { type Arguments, type Command, UsageError } from "./command.ts";
import { machineOf } from "./machine.ts";
import { ARITHMETIC, arithmeticFrom, deviceFrom, HUB, hubFrom } from "./model.ts";
import { ProgressBar } from "./progress.ts";
import { json, type Terminal } from "./terminal.ts";

export const bench: Command = {
  name: "bench",
  usage:
    "[--kernels | --kernel PART] [--models ti,s,b] [--device cpu] | --peer ort --model MODEL [PICTURE...]",
  summary: "Measures kernels and whole models here, or a model against ONNX Runtime.",
  options: {
    kernels: { help: "only the kernels, each by itself, at the shapes of the first of --models and --batch" },
    kernel: { value: "PART", help: "of the kernels those with this in their names, and no models" },
    variant: {
      value: "PART",
      help: "of the kernels' variants those with this in their names, and no models",
    },
    models: { value: "LIST", help: "only whole models, of ti, s, b and l, with made-up weights" },
    batch: { value: "LIST", help: "pictures in one submit; default 1,8,32, on a software adapter 1" },
    size: { value: "LIST", help: "pixels along a side of the models' pictures; default 224" },
    peer: {
      value: "ort",
      help: "run MODEL in ONNX Runtime too, on WebGPU and on the CPU (--device cpu: there alone), in turns",
    },
    model: { value: "MODEL", help: "for --peer: a model folder, an id, a URL, or ti, s, b or l, made up" },
    ...HUB,
    ...ARITHMETIC,
    device: {
      value: "DEVICE",
      help: "webgpu (default), or cpu: whole models with 1, 2, 4 and 8 threads, as far as there are cores",
    },
    quick: { help: "fewer repeats, and of each kernel its largest shape" },
    json: { help: "print one object" },
  },
  notes: `Nothing is timed before it is proved right. A sample is a median with its spread from p10 to p90, of n repeats: until a
second is over or there are 30. Kernels are timed by the GPU's timestamps, models by the clock from pixels to logits.
How it is measured, and figures: docs/performance.md.

--peer needs \`npm i --no-save --ignore-scripts onnxruntime-node\`. Its pictures are made up where none are given.`,
  async run(args, terminal) {
    const peer = args.text("peer");
    if (peer !== undefined) return runPeer(peer, args, terminal);
    args.exactly();
    if (deviceFrom(args, "webgpu") === "cpu") return runOnCpu(args, terminal);
    const report = await benchHere(args, terminal);
    terminal.print(args.flag("json") ? json(report) : benchTables(report));
    return 0;
  },
};

async function runPeer(peer: string, args: Arguments, terminal: Terminal): Promise<number> {
  if (peer !== "ort") throw new UsageError(`--peer: expected ort, came "${peer}"`);
  const model = args.text("model");
  if (!model) throw new UsageError("--peer: expected --model MODEL beside it");
  const options = {
    model,
    batch: args.count("batch") ?? 1,
    pictures: args.positionals,
    quick: args.flag("quick"),
    device: deviceFrom(args, "webgpu"),
    hub: hubFrom(args),
  };
  const report = await benchPeer(options, terminal);
  terminal.print(args.flag("json") ? json(report) : peerTable(report));
  return 0;
}

async function benchHere(args: Arguments, terminal: Terminal): Promise<BenchReport> {
  const [models, batches, sizes] = [shapesOf(args), args.counts("batch"), args.counts("size") ?? [224]];
  const device = new Device(async () => openGpu({ gpu: await nodeGpu(), wait: restfulWait }));
  const software = await device.use(async (gpu) => gpu.capabilities.software);
  const all = software ? (["ti"] as const) : (["ti", "s", "b"] as const);
  const part = args.text("kernel");
  const variant = args.text("variant");
  const onlyKernels = args.flag("kernels") || part !== undefined || variant !== undefined;
  const chosen = {
    kernelShape: onlyKernels || !models ? (models ?? all)[0] : undefined,
    kernel: part ?? "",
    variant: variant ?? "",
    models: onlyKernels ? [] : (models ?? all),
    batches: batches ?? (software ? [1] : [1, 8, 32]),
    sizes,
    quick: args.flag("quick"),
    arithmetic: arithmeticFrom(args),
  };
  try {
    return await measureAll(device, chosen, terminal);
  } finally {
    device.destroy();
  }
}

async function runOnCpu(args: Arguments, terminal: Terminal): Promise<number> {
  if (args.flag("kernels") || args.text("kernel") !== undefined)
    throw new UsageError(
      "--device cpu: expected --models, got --kernels. Each model has a table of its kernels.",
    );
  const options = {
    repeats: args.flag("quick") ? QUICK : STANDARD,
    arithmetic: arithmeticFrom(args),
    signal: terminal.signal,
  };
  const rows: CpuRow[] = [];
  for (const name of shapesOf(args) ?? ["ti"])
    for (const size of args.counts("size") ?? [224])
      rows.push(
        ...(await benchModelOnCpu(name, size, args.counts("batch") ?? [1, 8], nodeThreads(), options)),
      );
  const report: CpuReport = { ...machineOf(), device: "cpu", models: rows };
  terminal.print(args.flag("json") ? json(report) : cpuTables(report));
  return 0;
}

interface Chosen {
  /** Whose shapes the kernels are timed at; undefined: not at all. */
  readonly kernelShape: ShapeName | undefined;
  /** Part of the names of the kernels that are timed; empty: of all. */
  readonly kernel: string;
  /** Part of the names of their variants. */
  readonly variant: string;
  readonly models: readonly ShapeName[];
  readonly batches: readonly number[];
  readonly sizes: readonly number[];
  readonly quick: boolean;
  /** Of the models. */
  readonly arithmetic: Arithmetic;
}

async function measureAll(device: Device, chosen: Chosen, terminal: Terminal): Promise<BenchReport> {
  const { signal } = terminal;
  const { arithmetic } = chosen;
  const repeats = chosen.quick ? QUICK : STANDARD;
  const adapter = await device.use(async (gpu) => gpu.adapter);
  const peaks = await device.use((gpu) => measurePeaks(gpu, repeats, signal));
  const kernels = chosen.kernelShape ? await kernelRows(device, chosen, { peaks, repeats }, terminal) : [];
  const models: ModelRow[] = [];
  const options = { peaks, repeats, signal, arithmetic };
  for (const name of chosen.models)
    for (const size of chosen.sizes)
      models.push(...(await benchModel(device, name, size, chosen.batches, options)));
  return { ...machineOf(), adapter, peaks, kernels, models };
}

async function kernelRows(
  device: Device,
  { kernelShape = "ti", kernel: part, variant, sizes, batches, quick }: Chosen,
  options: Pick<KernelBenchOptions, "peaks" | "repeats">,
  terminal: Terminal,
): Promise<KernelRow[]> {
  const { signal } = terminal;
  const bar = new ProgressBar(terminal, "kernels");
  const onRow = (_: KernelRow, done: number, total: number) => bar.update(done, total);
  const model = madeUpModel(kernelShape, SHAPES[kernelShape], sizes[0]);
  const suites = allCases.filter(({ kernel }) => kernel.name.includes(part));
  const all = await device.use(async ({ capabilities }) =>
    kernelTasks(capabilities, suites, model, batches[0]),
  );
  const tasks = all.filter((task) => task.variant.includes(variant));
  return benchKernels(device, quick ? largestOf(tasks) : tasks, { ...options, signal, onRow }).finally(() =>
    bar.clear(),
  );
}

function shapesOf(args: Arguments): ShapeName[] | undefined {
  return args.list("models")?.map((text) => {
    if (text in SHAPES) return text as ShapeName;
    throw new UsageError(`--models: expected some of ${Object.keys(SHAPES)}, came "${text}"`);
  });
}

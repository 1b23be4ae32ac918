// `vit8 bench`: how fast the kernels and whole models are here, and how fast others are.

import { benchModelOnCpu, type CpuRow } from "../bench/cpu-models.ts";
import { Device } from "../bench/device.ts";
import {
  allCases,
  benchKernels,
  chosenTasks,
  type KernelBenchOptions,
  type KernelRow,
  kernelTasks,
  largestOf,
} from "../bench/kernels.ts";
import { madeUpModel, SHAPES, type ShapeName } from "../bench/made-up-model.ts";
import { marked } from "../bench/marks.ts";
import { benchModel, type ModelRow } from "../bench/models.ts";
import { measurePeaks } from "../bench/peaks.ts";
import { QUICK, STANDARD } from "../bench/sampling.ts";
import { MAX_IMAGE_SIDE } from "../format/limits.ts";
import { openGpu } from "../gpu/gpu.ts";
import type { Arithmetic } from "../lower/arithmetic.ts";
import { nodeGpu, restfulWait } from "../node/gpu.ts";
import { nodeThreads } from "../node/threads.ts";
import { checkOutput, writeWhole } from "../node/write-file.ts";
import { againstTable, readReport } from "./bench-against.ts";
import { benchPeer, peerTable } from "./bench-peer.ts";
import { type BenchReport, benchTables, type CpuReport, cpuTables } from "./bench-tables.ts";
import { type Arguments, type Command, UsageError } from "./command.ts";
import { machineOf } from "./machine.ts";
import { ARITHMETIC, arithmeticFrom, deviceFrom, HUB, hubFrom } from "./model.ts";
import { ProgressBar } from "./progress.ts";
import { json, type Terminal } from "./terminal.ts";

export const bench: Command = {
  name: "bench",
  usage: "[--kernels | --kernel PART] [--models ti,s,b] [--device cpu] | --peer ort --model MODEL [IMAGE...]",
  summary: "Benchmarks kernels and whole models on this machine, or a model against ONNX Runtime.",
  options: {
    kernels: { help: "benchmark only kernels, at the shapes of the first of --models and --batch" },
    kernel: { value: "PART", help: "benchmark only kernels whose name contains PART" },
    variant: {
      value: "PART",
      help: "benchmark only kernel variants whose name contains PART",
    },
    models: { value: "LIST", help: "benchmark only whole models: ti, s, b or l, with random weights" },
    batch: { value: "LIST", help: "images per submit; default 1,8,32, or 1 on a software adapter" },
    size: { value: "LIST", help: "image size of the models, in pixels per side; default 224" },
    peer: {
      value: "ort",
      help: "run MODEL in ONNX Runtime too, alternating, on WebGPU and the CPU (--device cpu: only the CPU)",
    },
    model: {
      value: "MODEL",
      help: "with --peer: a model folder, a Hugging Face id, a URL, or ti, s, b or l with random weights",
    },
    ...HUB,
    ...ARITHMETIC,
    device: {
      value: "DEVICE",
      help: "webgpu (default), or cpu: whole models with 1, 2, 4 and 8 threads, up to the number of cores",
    },
    quick: { help: "fewer repeats, and only the largest shape of each kernel" },
    against: {
      value: "FILE",
      help: "compare with an earlier -o FILE: the ratio of each row, with a 95% interval",
    },
    output: { value: "FILE", short: "o", help: "also write the report, as JSON with every sample" },
    json: { help: "print one object" },
  },
  notes: `Every result is checked before it is timed. A sample is the median of n repeats, with its spread from p10 to p90; n is at most 30,
in at most one second. Kernels are timed by GPU timestamps, models by the clock from pixels to logits.
Method and results: docs/performance.md.

--peer needs \`npm i --no-save --ignore-scripts onnxruntime-node\`. Without images, it uses random ones.`,
  async run(args, terminal) {
    const peer = args.text("peer");
    if (peer !== undefined) return runPeer(peer, args, terminal);
    args.exactly();
    const [file, output] = [args.text("against"), args.text("output")];
    // Both before anything is measured: a typing error costs no minutes.
    const before = file === undefined ? undefined : await readReport(file);
    if (output) await checkOutput(output);
    const onCpu = deviceFrom(args, "webgpu") === "cpu";
    const report = onCpu ? await benchOnCpu(args, terminal) : await benchHere(args, terminal);
    if (output) await writeWhole(output, [json(report)], terminal.signal);
    if (args.flag("json")) terminal.print(json(report));
    else terminal.print("device" in report ? cpuTables(report) : benchTables(report));
    if (file !== undefined && before && !args.flag("json"))
      terminal.print(againstTable(file, before, report));
    return 0;
  },
};

async function runPeer(peer: string, args: Arguments, terminal: Terminal): Promise<number> {
  if (peer !== "ort") throw new UsageError(`--peer: expected ort, got "${peer}".`);
  const model = args.text("model");
  if (!model) throw new UsageError("--peer: expected --model MODEL too, got none.");
  for (const name of ["against", "output"])
    if (args.text(name) !== undefined)
      throw new UsageError(`--${name}: expected no --peer beside it, got one. Use --json for its report.`);
  const options = {
    model,
    batch: args.count("batch", 64) ?? 1,
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
  const [models, batches, sizes] = [shapesOf(args), args.counts("batch"), sizesOf(args)];
  const part = args.text("kernel");
  if (part && !allCases.some(({ kernel: { name } }) => name.includes(part)))
    throw new UsageError(`--kernel: expected part of a kernel's name, got "${part}".`);
  const device = new Device(async () => openGpu({ gpu: await nodeGpu(), wait: restfulWait }));
  const software = await device.use(async (gpu) => gpu.capabilities.software);
  const all = software ? (["ti"] as const) : (["ti", "s", "b"] as const);
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

async function benchOnCpu(args: Arguments, terminal: Terminal): Promise<CpuReport> {
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
    for (const size of sizesOf(args))
      rows.push(
        ...(await benchModelOnCpu(name, size, args.counts("batch") ?? [1, 8], nodeThreads(), options)),
      );
  return { ...machineOf(), device: "cpu", models: rows };
}

interface Chosen {
  /** The model whose shapes the kernels are timed at; undefined: kernels are not timed. */
  readonly kernelShape: ShapeName | undefined;
  /** Part of the names of the kernels that are timed; empty: of all. */
  readonly kernel: string;
  /** Part of the names of their variants. */
  readonly variant: string;
  readonly models: readonly ShapeName[];
  readonly batches: readonly number[];
  readonly sizes: readonly number[];
  readonly quick: boolean;
  /** The arithmetic of the models. */
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
  // The kernels that measure the ceilings are no part of a model: they have their own line.
  const suites = allCases.filter(({ kernel: { name } }) =>
    part ? name.includes(part) : !name.startsWith("peak_"),
  );
  const [all, chosen] = await device.use(async ({ capabilities }) => [
    kernelTasks(capabilities, suites, model, batches[0]),
    chosenTasks(capabilities, suites, model, batches[0]),
  ]);
  const tasks = all.filter((task) => task.variant.includes(variant));
  const rows = await benchKernels(device, quick ? largestOf(tasks) : tasks, {
    ...options,
    signal,
    onRow,
  }).finally(() => bar.clear());
  return marked(rows, chosen);
}

/** Of models whose patches have 16 pixels per side. */
function sizesOf(args: Arguments): number[] {
  const sizes = args.counts("size") ?? [224];
  const odd = sizes.find((size) => size % 16 > 0 || size > MAX_IMAGE_SIDE);
  if (odd === undefined) return sizes;
  throw new UsageError(`--size: expected multiples of 16 up to ${MAX_IMAGE_SIDE}, got ${odd}.`);
}

function shapesOf(args: Arguments): ShapeName[] | undefined {
  return args.list("models")?.map((text) => {
    if (text in SHAPES) return text as ShapeName;
    throw new UsageError(`--models: expected some of ${Object.keys(SHAPES)}, got "${text}".`);
  });
}

// `vit8 inspect --cost`: the cost of an image by operation, and the time of each pass of vit8.

import { madeUpModel, SHAPES, type ShapeName } from "../bench/made-up-model.ts";
import { profileOf } from "../bench/profile.ts";
import type { ModelDescription } from "../classifier/model.ts";
import { Vit8Error } from "../errors/errors.ts";
import { type Gpu, openGpu } from "../gpu/gpu.ts";
import { costOf } from "../lower/cost.ts";
import type { Network } from "../network/op.ts";
import { nodeGpu } from "../node/gpu.ts";
import { type Arguments, UsageError } from "./command.ts";
import { type CostReport, costTables } from "./cost-tables.ts";
import { hubFrom, openChecked } from "./model.ts";
import { json, type Terminal } from "./terminal.ts";

export const COST_OPTIONS = {
  cost: { help: "print the cost of one image: MACs, bytes and parameters of each operation" },
  shape: {
    value: "NAME",
    help: "with --cost, instead of MODEL: deit or vit with -tiny, -small, -base or -large",
  },
  size: { value: "LIST", help: "with --cost: image size in pixels per side; default: that of the model" },
  measure: { help: "with --cost: also time each pass on this machine, with random weights" },
};

export async function inspectCost(args: Arguments, terminal: Terminal): Promise<number> {
  const model = await modelOf(args, terminal.signal);
  const models = (args.counts("size") ?? [undefined]).map((size) => (size ? resized(model, size) : model));
  const reports = args.flag("measure")
    ? await measured(models, terminal.signal)
    : models.map((each) => reportOf(each));
  terminal.print(args.flag("json") ? json(reports) : costTables(reports));
  return 0;
}

async function modelOf(args: Arguments, signal: AbortSignal): Promise<ModelDescription> {
  const shape = args.text("shape");
  if (shape === undefined) return openChecked(args.exactly("MODEL")[0], signal, hubFrom(args));
  args.exactly();
  const [, name] = /^(?:deit|vit)-(ti|s|b|l)(?:ny|mall|ase|arge)$/.exec(shape) ?? [];
  if (name) return madeUpModel(shape, SHAPES[name as ShapeName]);
  throw new UsageError(`--shape: expected deit or vit with -tiny, -small, -base or -large, got "${shape}".`);
}

/** The same network on images of another size: positions are interpolated at load, weights stay. */
function resized(model: ModelDescription, size: number): ModelDescription {
  const image = { width: size, height: size };
  const preprocessing = {
    ...model.preprocessing,
    resize: { mode: "exact", ...image },
    crop: undefined,
  } as const;
  return { ...model, input: { ...model.input, ...image }, network: networkAt(model, size), preprocessing };
}

function networkAt({ id, networkAt }: ModelDescription, size: number): Network {
  try {
    return networkAt({ width: size, height: size });
  } catch (cause) {
    const [why] = (cause as Error).message.split(". ");
    throw new Vit8Error(`--size: expected a size that ${id} can take, got ${size} (${why}).`);
  }
}

function reportOf({ id, input, network, quantization }: ModelDescription): CostReport {
  const floatLayers = quantization?.ignore ?? [];
  const size = { imageWidth: input.width, imageHeight: input.height };
  return { model: id, ...size, floatLayers, ...costOf(network, floatLayers) };
}

async function measured(models: readonly ModelDescription[], signal: AbortSignal): Promise<CostReport[]> {
  const gpu = await openGpu({ gpu: await nodeGpu() });
  try {
    const reports: CostReport[] = [];
    for (const model of models) reports.push(await measuredReport(gpu, model, signal));
    return reports;
  } finally {
    gpu.destroy();
  }
}

async function measuredReport(gpu: Gpu, model: ModelDescription, signal: AbortSignal): Promise<CostReport> {
  const profile = await profileOf(gpu, model, signal);
  const times = new Map(profile.passes.map(({ name, ms }) => [name, ms]));
  const report = reportOf(model);
  const passes = report.passes.map((pass) => ({ ...pass, ms: times.get(pass.name) }));
  return { ...report, passes, adapter: gpu.adapter, timedBy: profile.source };
}

// `vit8 bench --peer ort`: the same weights and pixels in ONNX Runtime, in the same process, in turns.

import { madeUpFolder, SHAPES, type ShapeName } from "../bench/made-up-model.ts";
import { madeUpPicture, normalisedPixels } from "../bench/pixels.ts";
import { type Race, type Result, type Runner, race } from "../bench/race.ts";
import type { Repeats } from "../bench/sampling.ts";
import { type Agreement, agreementOf } from "../bench/score.ts";
import type { Spread } from "../bench/statistics.ts";
import type { Report } from "../classifier/api.ts";
import type { DeviceChoice } from "../classifier/device.ts";
import { percent } from "../classifier/percent.ts";
import type { HubOptions } from "../format/folder.ts";
import type { RawPicture } from "../image/picture.ts";
import { readPicture } from "../node/picture.ts";
import { floatTensors } from "../onnx/float-tensors.ts";
import { FORMATS, type OnnxFormat } from "../onnx/linear.ts";
import { onnxModel } from "../onnx/model.ts";
import { type Machine, machineOf } from "./machine.ts";
import { type OpenModel, openChecked, withClassifier } from "./model.ts";
import { type OnnxRuntime, openOnnxRuntime, PROVIDERS, type Provider } from "./onnx-runtime.ts";
import { ProgressBar } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

export interface PeerOptions {
  /** A folder, an id, a URL, or one of SHAPES: that shape with synthetic weights. */
  readonly model: string;
  readonly batch: number;
  /** Paths; without any they are synthetic. */
  readonly pictures: readonly string[];
  readonly quick: boolean;
  /** `cpu`: that alone; else WebGPU too. */
  readonly device: DeviceChoice;
  readonly hub: HubOptions;
}

/** How a configuration ran: against vit8's int8 on the same device, and against its own float32 on the CPU. */
export interface PeerRow extends Result, Agreement {
  readonly provider: Provider;
  readonly dtype: OnnxFormat;
  /** Threads of the CPU provider; the same number as vit8's. */
  readonly threads?: number;
}

/** How vit8 ran among the runs of a provider. */
export interface OurRow extends Agreement, Pick<Report, "adapter" | "kernels"> {
  /** Milliseconds of a batch. */
  readonly ms: Spread;
  /** Of the CPU. */
  readonly threads?: number;
}

export interface PeerReport extends Machine {
  readonly model: string;
  readonly runtime: string;
  readonly batch: number;
  readonly vit8: Readonly<Partial<Record<Provider, OurRow>>>;
  readonly rows: readonly PeerRow[];
  /** Configurations that did not run, with the runtime's message. */
  readonly refused: readonly { readonly name: string; readonly why: string }[];
  /** The fastest configuration of each provider by its time relative to vit8's, and that ratio. */
  readonly fastest: Readonly<Partial<Record<Provider, { readonly name: string; readonly ratio: number }>>>;
}

/** Ratios compare neighboring runs, so few rounds are enough. */
const ROUNDS: Repeats = { forMs: 20_000, atLeast: 5, atMost: 15 };
const QUICK_ROUNDS: Repeats = { forMs: 0, atLeast: 3, atMost: 3 };

interface Entrant extends Runner {
  readonly provider: Provider;
  readonly dtype: OnnxFormat;
  /** Or the embeddings, of a model without a head. */
  readonly logits: readonly Float32Array[];
  release(): Promise<void>;
}

/** @throws UnsupportedDeviceError when onnxruntime-node is not installed. */
export async function benchPeer(options: PeerOptions, terminal: Terminal): Promise<PeerReport> {
  const runtime = await openOnnxRuntime();
  const { model: name, device, batch: maxBatch } = options;
  const source = name in SHAPES ? madeUpFolder(SHAPES[name as ShapeName]) : name;
  const model = await openChecked(source, terminal.signal, options.hub);
  const pictures = await batchOf(options);
  const peer = new Peer(runtime, model, normalisedPixels(model, pictures), maxBatch, terminal);
  const repeats = options.quick ? QUICK_ROUNDS : ROUNDS;
  // The sessions of one provider are released before the next ones are created, so that their memory and threads do not interfere.
  const heats: Heat[] = [];
  for (const provider of PROVIDERS.filter((provider) => device !== "cpu" || provider === "cpu"))
    heats.push(
      await withClassifier(model, terminal, { device: provider, maxBatch }, async (classifier) => {
        const run = () =>
          classifier.labels.length ? classifier.logits(pictures) : classifier.embed(pictures);
        const logits = await run();
        const ours: Runner = { name: "vit8 int8", run };
        const { report } = classifier;
        const threads = report.threads?.count;
        return {
          provider,
          threads,
          logits,
          report,
          race: await peer.raceAgainst(ours, provider, repeats, threads),
        };
      }),
    );
  const rows = heats.flatMap((heat) => peer.rows(heat));
  return {
    ...machineOf(),
    model: name,
    runtime: `onnxruntime-node ${runtime.version}`,
    batch: maxBatch,
    vit8: Object.fromEntries(heats.map((heat) => [heat.provider, ourRow(heat, peer.reference)])),
    rows,
    refused: peer.refused,
    fastest: Object.fromEntries(heats.flatMap(({ provider }) => fastestOf(rows, provider))),
  };
}

/** vit8 on a device, and the provider of the same device. */
interface Heat {
  readonly provider: Provider;
  readonly threads: number | undefined;
  readonly logits: readonly Float32Array[];
  readonly report: Report;
  readonly race: Race;
}

function ourRow({ threads, logits, report, race }: Heat, reference: readonly Float32Array[]): OurRow {
  const { adapter, kernels } = report;
  return { ...agreementOf(logits, reference), ms: race.ours, threads, adapter, kernels };
}

function fastestOf(
  rows: readonly PeerRow[],
  provider: Provider,
): [Provider, { name: string; ratio: number }][] {
  const [first] = rows
    .filter((row) => row.provider === provider)
    .sort((a, b) => a.ratio.median - b.ratio.median);
  return first ? [[provider, { name: first.name, ratio: first.ratio.median }]] : [];
}

async function batchOf({ batch, pictures }: PeerOptions): Promise<RawPicture[]> {
  const files = await Promise.all(pictures.slice(0, batch).map((file) => readPicture(file)));
  return Array.from({ length: batch }, (_, i) => files[i % files.length] ?? madeUpPicture(i));
}

/** ONNX Runtime on one model and one batch. */
class Peer {
  readonly refused: { name: string; why: string }[] = [];
  readonly #runtime: OnnxRuntime;
  readonly #model: OpenModel;
  readonly #pixels: Float32Array;
  readonly #batch: number;
  readonly #terminal: Terminal;
  readonly #entrants: Entrant[] = [];

  constructor(
    runtime: OnnxRuntime,
    model: OpenModel,
    pixels: Float32Array,
    batch: number,
    terminal: Terminal,
  ) {
    this.#runtime = runtime;
    this.#model = model;
    this.#pixels = pixels;
    this.#batch = batch;
    this.#terminal = terminal;
  }

  /** Logits of float32 on the CPU. */
  get reference(): readonly Float32Array[] {
    return this.#entrants.find(({ provider, dtype }) => provider === "cpu" && dtype === "fp32")!.logits;
  }

  async raceAgainst(ours: Runner, provider: Provider, repeats: Repeats, threads?: number): Promise<Race> {
    const { signal } = this.#terminal;
    const tensors = await floatTensors(this.#model, signal);
    const bar = new ProgressBar(this.#terminal, provider);
    const entrants: Entrant[] = [];
    try {
      for (const [i, dtype] of FORMATS.entries()) {
        signal.throwIfAborted();
        const file = Buffer.concat(onnxModel(this.#model.name, this.#model.network, tensors, dtype));
        const entrant = await this.#enter(file, provider, dtype, threads);
        if (entrant) entrants.push(entrant);
        bar.update(i + 1, FORMATS.length + repeats.atLeast);
      }
      const onRound = (rounds: number) =>
        bar.update(FORMATS.length + rounds, FORMATS.length + repeats.atMost);
      return await race(ours, entrants, { repeats, signal, onRound });
    } finally {
      bar.clear();
      this.#entrants.push(...entrants);
      for (const entrant of entrants) await entrant.release();
    }
  }

  rows({ provider, threads, race }: Heat): PeerRow[] {
    return this.#entrants
      .filter((entrant) => entrant.provider === provider)
      .map(({ name, dtype, logits }) => ({
        ...race.others.find((result) => result.name === name)!,
        ...{ provider, threads, dtype },
        ...agreementOf(logits, this.reference),
      }));
  }

  /** A session that has run once; a configuration that fails is noted and skipped. */
  async #enter(
    file: Uint8Array,
    provider: Provider,
    dtype: OnnxFormat,
    threads: number | undefined,
  ): Promise<Entrant | undefined> {
    const name = `${provider} ${dtype}`;
    try {
      const session = await this.#runtime.open(file, provider, this.#batch, threads);
      const run = () => session.run(this.#pixels);
      return { name, provider, dtype, logits: await run(), run, release: () => session.release() };
    } catch (error) {
      this.refused.push({ name, why: String(error).split("\n")[0] });
      return undefined;
    }
  }
}

const PLACES = { webgpu: "WebGPU", cpu: "the CPU" } as const;

/** The report for people, in Markdown. */
export function peerTable({ vit8, rows, batch, refused, fastest, ...report }: PeerReport): string {
  const line = (
    name: string,
    ratio: string,
    { ms, threads, agreement, cosine }: Omit<OurRow, "adapter" | "kernels">,
  ) =>
    `| ${name} | ${threads ?? ""} | ${ms.median.toFixed(1)} | ${ms.p10.toFixed(1)}-${ms.p90.toFixed(1)} | ${ms.n} | ${ratio} | ${percent(agreement)} | ${cosine.toFixed(4)} |`;
  const heats = PROVIDERS.flatMap((provider) => {
    const ours = vit8[provider];
    if (!ours) return [];
    return [
      line(`vit8 int8 on ${PLACES[provider]}`, "1", ours),
      ...rows
        .filter((row) => row.provider === provider)
        .map((row) => line(`ort ${row.name}`, row.ratio.median.toFixed(2), row)),
    ];
  });
  const words = PROVIDERS.flatMap((provider) => {
    const first = fastest[provider];
    if (!first) return [];
    return [
      `On ${PLACES[provider]} (${vit8[provider]?.adapter.description}) the fastest configuration of ONNX Runtime, ${first.name}, takes ${first.ratio.toFixed(2)} x vit8's time.`,
    ];
  });
  return `${[
    `${report.model}, batch ${batch}, ${report.cpu}, ${report.runtime}, ${report.date.slice(0, 10)}`,
    "",
    "| | threads | ms | p10-p90 | n | time / vit8's there | top-1 as float32 | cosine |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...heats,
    ...refused.map(({ name, why }) => `| ort ${name} | | refused: ${why} | | | | | |`),
    "",
    ...words,
  ].join("\n")}\n`;
}

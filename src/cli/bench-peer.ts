// `vit8 bench --peer ort`: the same weights and pixels in ONNX Runtime, in the same process, in turns.

import { madeUpFolder, SHAPES, type ShapeName } from "../bench/made-up-model.ts";
import { madeUpPicture, normalisedPixels } from "../bench/pixels.ts";
import { type Race, type Result, type Runner, race } from "../bench/race.ts";
import type { Repeats } from "../bench/sampling.ts";
import { type Agreement, agreementOf } from "../bench/score.ts";
import type { Spread } from "../bench/statistics.ts";
import type { Report } from "../classifier/api.ts";
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
  /** A folder, an id, a URL, or one of SHAPES: that shape with made-up weights. */
  readonly model: string;
  readonly batch: number;
  /** Paths; without any they are made up. */
  readonly pictures: readonly string[];
  readonly quick: boolean;
  readonly hub: HubOptions;
}

/** How a configuration ran: against vit8's int8, and against its own float32 on the CPU. */
export interface PeerRow extends Result, Agreement {
  readonly provider: Provider;
  readonly dtype: OnnxFormat;
}

export interface PeerReport extends Machine {
  readonly model: string;
  readonly runtime: string;
  readonly batch: number;
  readonly adapter: Report["adapter"];
  readonly kernels: Report["kernels"];
  /** vit8's own runs among those of each provider, milliseconds of a batch, and its agreement with the peer's float32. */
  readonly vit8: Agreement & { readonly ms: Readonly<Record<Provider, Spread>> };
  readonly rows: readonly PeerRow[];
  /** What did not run, in the runtime's own words. */
  readonly refused: readonly { readonly name: string; readonly why: string }[];
  /** The fastest WebGPU configuration by its time over ours, and that ratio. */
  readonly fastest: string;
  readonly ratio: number;
}

/** Ratios are of neighbouring runs, so few rounds tell much. */
const ROUNDS: Repeats = { forMs: 20_000, atLeast: 5, atMost: 15 };
const QUICK_ROUNDS: Repeats = { forMs: 0, atLeast: 3, atMost: 3 };

interface Entrant extends Runner {
  readonly provider: Provider;
  readonly dtype: OnnxFormat;
  readonly logits: readonly Float32Array[];
  release(): Promise<void>;
}

/** @throws UnsupportedDeviceError when onnxruntime-node is not installed. */
export async function benchPeer(options: PeerOptions, terminal: Terminal): Promise<PeerReport> {
  const runtime = await openOnnxRuntime();
  const { model: name } = options;
  const source = name in SHAPES ? madeUpFolder(SHAPES[name as ShapeName]) : name;
  const model = await openChecked(source, terminal.signal, options.hub);
  const pictures = await batchOf(options);
  return withClassifier(
    model,
    terminal,
    { device: "webgpu", maxBatch: options.batch },
    async (classifier) => {
      const logits = await classifier.logits(pictures);
      const ours: Runner = { name: "vit8 int8", run: () => classifier.logits(pictures) };
      const peer = new Peer(runtime, model, normalisedPixels(model, pictures), options.batch, terminal);
      const repeats = options.quick ? QUICK_ROUNDS : ROUNDS;
      const heats = {} as Record<Provider, Race>;
      // A provider's sessions are gone before the next one's come: neither their memory nor their threads disturb.
      for (const provider of PROVIDERS) heats[provider] = await peer.raceAgainst(ours, provider, repeats);
      const rows = peer.rows(heats);
      const [fastest] = rows
        .filter(({ provider }) => provider === "webgpu")
        .sort((a, b) => a.ratio.median - b.ratio.median);
      const { adapter, kernels } = classifier.report;
      return {
        ...machineOf(),
        model: options.model,
        runtime: `onnxruntime-node ${runtime.version}`,
        batch: options.batch,
        adapter,
        kernels,
        vit8: {
          ...agreementOf(logits, peer.reference),
          ms: { webgpu: heats.webgpu.ours, cpu: heats.cpu.ours },
        },
        rows,
        refused: peer.refused,
        fastest: fastest?.name ?? "none",
        ratio: fastest?.ratio.median ?? Number.NaN,
      };
    },
  );
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

  async raceAgainst(ours: Runner, provider: Provider, repeats: Repeats): Promise<Race> {
    const { signal } = this.#terminal;
    const tensors = await floatTensors(this.#model, signal);
    const bar = new ProgressBar(this.#terminal, provider);
    const entrants: Entrant[] = [];
    try {
      for (const [i, dtype] of FORMATS.entries()) {
        signal.throwIfAborted();
        const file = Buffer.concat(onnxModel(this.#model.name, this.#model.network, tensors, dtype));
        const entrant = await this.#enter(file, provider, dtype);
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

  rows(heats: Record<Provider, Race>): PeerRow[] {
    return this.#entrants.map(({ name, provider, dtype, logits }) => ({
      ...heats[provider].others.find((result) => result.name === name)!,
      provider,
      dtype,
      ...agreementOf(logits, this.reference),
    }));
  }

  /** A session that has run once; what the runtime does not run is noted and left out. */
  async #enter(file: Uint8Array, provider: Provider, dtype: OnnxFormat): Promise<Entrant | undefined> {
    const name = `${provider} ${dtype}`;
    try {
      const session = await this.#runtime.open(file, provider, this.#batch);
      const run = () => session.run(this.#pixels);
      return { name, provider, dtype, logits: await run(), run, release: () => session.release() };
    } catch (error) {
      this.refused.push({ name, why: String(error).split("\n")[0] });
      return undefined;
    }
  }
}

/** The report for people, in Markdown. */
export function peerTable(report: PeerReport): string {
  const { vit8, rows, batch, refused } = report;
  const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
  const line = (name: string, ms: Spread, ratio: string, { agreement, cosine }: Agreement) =>
    `| ${name} | ${ms.median.toFixed(1)} | ${ms.p10.toFixed(1)}-${ms.p90.toFixed(1)} | ${ms.n} | ${ratio} | ${percent(agreement)} | ${cosine.toFixed(4)} |`;
  return `${[
    `${report.model}, batch ${batch}, ${report.adapter.description}, ${report.runtime}, ${report.date.slice(0, 10)}`,
    "",
    "| | ms | p10-p90 | n | time / vit8's | top-1 as float32 | cosine |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    line("vit8 int8", vit8.ms.webgpu, "1", vit8),
    ...rows.map((row) => line(`ort ${row.name}`, row.ms, row.ratio.median.toFixed(2), row)),
    ...refused.map(({ name, why }) => `| ort ${name} | refused: ${why} | | | | | |`),
    "",
    `The fastest WebGPU configuration of ONNX Runtime, ${report.fastest}, takes ${report.ratio.toFixed(2)} x vit8's time.`,
  ].join("\n")}\n`;
}

import {
  type Configuration,
  type Entrant,
  type Feed,
  openOnnxWeb,
  wasmThreads,
} from "../../../bench/peers/onnx-web.ts";
import { openTfjs } from "../../../bench/peers/tfjs.ts";
import { madeUpPicture, normalisedPixels } from "../../../src/bench/pixels.ts";
import { race } from "../../../src/bench/race.ts";
import { type Agreement, agreementOf } from "../../../src/bench/score.ts";
import type { Spread } from "../../../src/bench/statistics.ts";
import { ImageClassifier, type Report } from "../../../src/index.ts";
import type { OnnxFormat } from "../../../src/onnx/linear.ts";
import { onnxModel } from "../../../src/onnx/model.ts";
import { type Bench, definePage, type Row } from "../bench-page.ts";
import { racePlot } from "../plots/race.ts";
import { TFJS } from "../settings.ts";
import { type RaceModel, raceModels } from "./race-models.ts";

export interface RaceRow extends Row, Partial<Agreement> {
  readonly name: string;
  readonly model: string;
  readonly imageSize: number;
  readonly batch: number;
  /** Its time over that of vit8's run just before it. */
  readonly ratio?: Spread;
}

/** The runner whose logits are the reference. */
const REFERENCE = "wasm-fp32";

export const racePage = definePage<RaceRow>({
  id: "race",
  title: "Race",
  lead: "The same weights and the same pixels in vit8, in ONNX Runtime Web and, optionally, in TensorFlow.js, alternating A B A C, so that noise affects all of them. The weights are random, or those of a model folder. Results are compared with float32 on the CPU.",
  parameters: ["models", "batch", "size", "device", "model", "peers", "runtime", "tensorflow"],
  takesFolder: true,
  presets: {
    quick: {},
    standard: { peers: ["webgpu-fp32", "webgpu-fp16", "webgpu-q8", "webgpu-q4", "wasm-fp32", "wasm-q8"] },
    full: {
      models: ["ti", "s", "b"],
      batch: [1, 8],
      peers: ["webgpu-fp32", "webgpu-fp16", "webgpu-q8", "webgpu-q4", "wasm-fp32", "wasm-q8"],
    },
  },
  async measure(bench: Bench) {
    const { batch, peers } = bench.settings;
    const models = raceModels(bench);
    const total = models.length * batch.length * (peers.length + 1);
    let done = 0;
    for (const open of models) {
      const model = await open();
      for (const images of batch)
        for (const row of await heat(bench, model, images)) bench.onRow(row, ++done, total);
    }
  },
  columns: [
    { head: "model", value: ({ model }) => model, names: true },
    {
      head: "pixels",
      value: ({ imageSize }) => imageSize,
      show: ({ imageSize }) => `${imageSize}`,
      names: true,
    },
    { head: "batch", value: ({ batch }) => batch, show: ({ batch }) => `${batch}`, names: true },
    { head: "runner", value: ({ name }) => name, names: true },
    { head: "ms", value: ({ ms }) => ms?.median },
    { head: "p10", value: ({ ms }) => ms?.p10 },
    { head: "p90", value: ({ ms }) => ms?.p90 },
    { head: "n", value: ({ ms }) => ms?.n, show: ({ ms }) => `${ms?.n ?? ""}` },
    { head: "time / vit8’s", value: ({ ratio }) => ratio?.median },
    { head: "ratio p10", value: ({ ratio }) => ratio?.p10 },
    { head: "ratio p90", value: ({ ratio }) => ratio?.p90 },
    { head: "cosine", value: ({ cosine }) => cosine, show: ({ cosine }) => cosine?.toFixed(4) ?? "" },
    // Synthetic weights put classes close together, so the top-1 label says little; the distance of the logits says more.
    { head: "worst logit error", value: ({ worstLogitError }) => worstLogitError },
  ],
  plots: [racePlot],
});

/** All runners on one model and batch. A runner that fails gets a row with the reason. */
async function heat(bench: Bench, model: RaceModel, images: number): Promise<RaceRow[]> {
  const { settings, signal, repeats } = bench;
  const { id, input } = model.description;
  const from = { model: id, imageSize: input.width, batch: images };
  const pictures = Array.from({ length: images }, (_, i) => madeUpPicture(i));
  const paddock = new Paddock(bench, model, {
    pixels: normalisedPixels(model.description, pictures),
    shape: [images, 3, input.height, input.width],
  });
  const classifier = await ImageClassifier.load(model.source, {
    device: bench.backend,
    maxBatch: images,
    signal,
  });
  try {
    const reference = await (await paddock.open(REFERENCE)).run();
    const ours = { name: nameOfOurs(classifier.report), run: () => classifier.logits(pictures) };
    const agreements = new Map([[ours.name, agreementOf(await ours.run(), reference)]]);
    const entrants: Entrant[] = [];
    const refused: RaceRow[] = [];
    for (const peer of settings.peers) {
      signal.throwIfAborted();
      try {
        const entrant = await paddock.open(peer);
        await entrant.run(); // the first one compiles
        agreements.set(entrant.name, agreementOf(await entrant.run(), reference));
        entrants.push(entrant);
      } catch (error) {
        refused.push({ ...from, name: nameOf(peer), error: String(error).split("\n")[0] });
      }
    }
    const onRound = (rounds: number) => bench.tell(`${id}, batch ${images}: round ${rounds} is over`);
    const { ours: ms, others } = await race(ours, entrants, { repeats, signal, onRound });
    return [
      { ...from, name: ours.name, ms, ...agreements.get(ours.name) },
      ...others.map(({ name, ...times }) => ({
        ...from,
        name: withThreads(name),
        ...times,
        ...agreements.get(name),
      })),
      ...refused,
    ];
  } finally {
    await paddock.release();
    await classifier.dispose();
  }
}

/** Opens peers on one model and feed, each once, and releases them together. */
class Paddock {
  readonly #bench: Bench;
  readonly #model: RaceModel;
  readonly #feed: Feed;
  readonly #entrants = new Map<string, Entrant>();

  constructor(bench: Bench, model: RaceModel, feed: Feed) {
    this.#bench = bench;
    this.#model = model;
    this.#feed = feed;
  }

  async open(peer: string): Promise<Entrant> {
    const known = this.#entrants.get(peer);
    if (known) return known;
    this.#bench.tell(`Opening ${peer} …`);
    const entrant = peer === TFJS ? await this.#openTfjs() : await this.#openOnnx(peer);
    this.#entrants.set(peer, entrant);
    return entrant;
  }

  async #openOnnx(peer: string): Promise<Entrant> {
    const [provider, dtype] = peer.split("-") as [Configuration["provider"], OnnxFormat];
    const { description, floats } = this.#model;
    const pieces = onnxModel(description.id, description.network, floats, dtype);
    const file = new Uint8Array(await new Blob([...pieces] as BlobPart[]).arrayBuffer());
    const folder = new URL(this.#bench.settings.runtime, location.href).href;
    return openOnnxWeb(folder, { provider, dtype }, file, this.#feed).catch(
      orAbsent(
        `ONNX Runtime Web: not found at ${folder}. In a clone run \`npm i --no-save --ignore-scripts onnxruntime-web\` and restart the server. On a site put the files of the package’s dist folder there.`,
      ),
    );
  }

  async #openTfjs(): Promise<Entrant> {
    const { description, floats } = this.#model;
    const folder = new URL(this.#bench.settings.tensorflow, location.href).href;
    return openTfjs(folder, description.network, floats, this.#feed).catch(
      orAbsent(
        `TensorFlow.js: not found at ${folder}. In a clone run \`npm i --no-save --ignore-scripts @tensorflow/tfjs @tensorflow/tfjs-backend-webgpu\` and restart the server. On a site put tf.min.js and tf-backend-webgpu.min.js of these packages there.`,
      ),
    );
  }

  async release(): Promise<void> {
    for (const entrant of this.#entrants.values()) await entrant.release();
  }
}

/** The error message for a module that does not load. */
const orAbsent = (words: string) => (error: unknown) => {
  throw /dynamically imported/.test(String(error)) ? new TypeError(words, { cause: error }) : error;
};

function nameOf(peer: string): string {
  const name = peer.replace("-", " ");
  return peer === TFJS ? name : `ort ${name}`;
}

const nameOfOurs = ({ threads }: Report) =>
  threads ? `vit8 int8 on the CPU, ${threadsInWords(threads.count)}` : "vit8 int8";

function withThreads(name: string): string {
  return name.includes("wasm") ? `${name}, ${threadsInWords(wasmThreads())}` : name;
}

const threadsInWords = (count: number) => `${count} thread${count === 1 ? "" : "s"}`;

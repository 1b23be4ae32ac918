import { madeUpFloats, madeUpFolder, madeUpModel, SHAPES } from "../../../src/bench/made-up-model.ts";
import {
  type Configuration,
  type Entrant,
  type Feed,
  openOnnxWeb,
  wasmThreads,
} from "../../../src/bench/onnx-web.ts";
import { madeUpPicture, normalisedPixels } from "../../../src/bench/pixels.ts";
import { race } from "../../../src/bench/race.ts";
import { type Agreement, agreementOf } from "../../../src/bench/score.ts";
import type { Spread } from "../../../src/bench/statistics.ts";
import type { ModelDescription } from "../../../src/classifier/model.ts";
import { ImageClassifier } from "../../../src/index.ts";
import type { OnnxFormat } from "../../../src/onnx/linear.ts";
import { onnxVit } from "../../../src/onnx/vit.ts";
import { type Bench, definePage, type Row } from "../bench-page.ts";
import { racePlot } from "../plots/race.ts";

export interface RaceRow extends Row, Partial<Agreement> {
  readonly name: string;
  readonly model: string;
  readonly imageSize: number;
  readonly batch: number;
  /** Its time over that of vit8's run just before it. */
  readonly ratio?: Spread;
}

const OURS = "vit8 int8";
/** Whose logits the others are held against. */
const REFERENCE: Configuration = { provider: "wasm", dtype: "fp32" };

export const racePage = definePage<RaceRow>({
  id: "race",
  title: "Race",
  lead: "The same made-up weights and the same pixels in vit8 and in ONNX Runtime Web, in turns A B A C, so that what slows the machine slows both. Answers are held against float32 on the CPU.",
  parameters: ["models", "batch", "size", "peers", "runtime"],
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
    const { models, size, batch, peers } = bench.settings;
    const total = models.length * size.length * batch.length * (peers.length + 1);
    let done = 0;
    for (const name of models)
      for (const pixels of size)
        for (const images of batch) {
          const rows = await heat(bench, madeUpModel(name, SHAPES[name], pixels), images);
          for (const row of rows) bench.onRow(row, ++done, total);
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
    // Made-up weights put classes close together: which is first says little, how far logits are off says more.
    { head: "worst logit error", value: ({ worstLogitError }) => worstLogitError },
  ],
  plots: [racePlot],
});

/** Everyone on one model and batch: who does not run is a row that says why. */
async function heat(bench: Bench, model: ModelDescription, images: number): Promise<RaceRow[]> {
  const { settings, signal, repeats } = bench;
  const from = { model: model.id, imageSize: model.architecture.imageWidth, batch: images };
  const pictures = Array.from({ length: images }, (_, i) => madeUpPicture(i));
  const paddock = new Paddock(bench, model, {
    pixels: normalisedPixels(model, pictures),
    shape: [images, 3, model.architecture.imageHeight, model.architecture.imageWidth],
  });
  const folder = madeUpFolder(SHAPES[model.id as keyof typeof SHAPES], from.imageSize);
  const classifier = await ImageClassifier.load(folder, { maxBatch: images, signal });
  try {
    const reference = await (await paddock.open(REFERENCE)).run();
    const ours = { name: OURS, run: () => classifier.logits(pictures) };
    const agreements = new Map([[OURS, agreementOf(await ours.run(), reference)]]);
    const entrants: Entrant[] = [];
    const refused: RaceRow[] = [];
    for (const peer of settings.peers) {
      signal.throwIfAborted();
      const name = `ort ${peer.replace("-", " ")}`;
      try {
        const entrant = await paddock.open(configurationOf(peer));
        await entrant.run(); // the first one compiles
        agreements.set(entrant.name, agreementOf(await entrant.run(), reference));
        entrants.push(entrant);
      } catch (error) {
        refused.push({ ...from, name, error: String(error).split("\n")[0] });
      }
    }
    const onRound = (rounds: number) => bench.tell(`${model.id}, batch ${images}: round ${rounds} is over`);
    const { ours: ms, others } = await race(ours, entrants, { repeats, signal, onRound });
    return [
      { ...from, name: OURS, ms, ...agreements.get(OURS) },
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

/** Opens sessions of one model and feed, each once, and gives them back together. */
class Paddock {
  readonly #bench: Bench;
  readonly #model: ModelDescription;
  readonly #feed: Feed;
  readonly #entrants = new Map<string, Entrant>();

  constructor(bench: Bench, model: ModelDescription, feed: Feed) {
    this.#bench = bench;
    this.#model = model;
    this.#feed = feed;
  }

  async open(configuration: Configuration): Promise<Entrant> {
    const { provider, dtype } = configuration;
    const key = `${provider} ${dtype}`;
    const known = this.#entrants.get(key);
    if (known) return known;
    this.#bench.tell(`Opening ONNX Runtime Web, ${key} …`);
    const { architecture } = this.#model;
    const pieces = onnxVit(architecture, madeUpFloats(this.#model), dtype as OnnxFormat);
    const file = new Uint8Array(await new Blob([...pieces] as BlobPart[]).arrayBuffer());
    const folder = new URL(this.#bench.settings.runtime, location.href).href;
    const entrant = await openOnnxWeb(folder, configuration, file, this.#feed).catch((error) => {
      throw /dynamically imported/.test(String(error))
        ? new TypeError(absent(folder), { cause: error })
        : error;
    });
    this.#entrants.set(key, entrant);
    return entrant;
  }

  async release(): Promise<void> {
    for (const entrant of this.#entrants.values()) await entrant.release();
  }
}

function absent(folder: string): string {
  return `ONNX Runtime Web is not at ${folder}: in a clone run \`npm i --no-save --ignore-scripts onnxruntime-web\` and start the page again; on a site put the files of that package’s dist folder there`;
}

function configurationOf(peer: string): Configuration {
  const [provider, dtype] = peer.split("-");
  return { provider: provider as Configuration["provider"], dtype };
}

function withThreads(name: string): string {
  const threads = wasmThreads();
  return name.includes("wasm") ? `${name}, ${threads} thread${threads === 1 ? "" : "s"}` : name;
}

// What bench/race.mjs runs in a tab: vit8 and ONNX Runtime Web on the same weights and the same pixels.
// `?peers=[...]&rounds=5` is the steady state, `?first` or `?first={...}` the way to the first label.

import { madeUpPicture, normalisedPixels } from "../../src/bench/pixels.ts";
import { type Race, type Runner, race } from "../../src/bench/race.ts";
import { topClasses } from "../../src/classifier/answer.ts";
import { describeModel } from "../../src/classifier/model.ts";
import { type Agreement, agreementOf } from "../../src/cli/score.ts";
import { openUrlFolder } from "../../src/format/url-folder.ts";
import { ImageClassifier } from "../../src/index.ts";

/** `webgpu fp32`, `wasm q8`, ... */
export interface Configuration {
  readonly provider: "webgpu" | "wasm";
  readonly dtype: string;
}

export interface Heat extends Race {
  readonly agreements: Readonly<Record<string, Agreement>>;
  readonly adapter: string;
}

interface Entrant extends Runner {
  run(): Promise<Float32Array[]>;
}

const MODEL = "/model";
const picture = madeUpPicture(1);

/** Steady state: everyone has run twice, then rounds of ours before each of theirs. */
async function steady(peers: readonly Configuration[], rounds: number): Promise<Heat> {
  const classifier = await ImageClassifier.load(new URL(MODEL, location.href), { maxBatch: 1 });
  const ours: Entrant = { name: "vit8 int8", run: () => classifier.logits([picture]) };
  const entrants = [];
  for (const peer of peers) entrants.push(await openPeer(peer));
  const [first] = await (await openPeer({ provider: "wasm", dtype: "fp32" })).run();
  const agreements: Record<string, Agreement> = {};
  for (const entrant of [ours, ...entrants]) {
    await entrant.run();
    agreements[entrant.name] = agreementOf(await entrant.run(), [first]);
  }
  const { vendor, architecture, description } = classifier.report.adapter;
  return {
    ...(await race(ours, entrants, { repeats: { forMs: 0, atLeast: rounds, atMost: rounds } })),
    agreements,
    adapter: description || `${vendor} ${architecture}`,
  };
}

/** The first label of a page that has loaded nothing yet, and the milliseconds since its navigation began. */
async function firstLabel(peer?: Configuration): Promise<{ label: string; ms: number }> {
  const label = peer ? await peerLabel(peer) : await ourLabel();
  return { label, ms: performance.now() };
}

async function ourLabel(): Promise<string> {
  const classifier = await ImageClassifier.load(new URL(MODEL, location.href));
  return (await classifier.classify(picture))[0].label;
}

async function peerLabel(peer: Configuration): Promise<string> {
  const [runner, model] = await Promise.all([openPeer(peer), describeModel(openUrlFolder(MODEL))]);
  const [logits] = await runner.run();
  return topClasses(logits, model.architecture.labels, 1)[0].label;
}

async function openPeer({ provider, dtype }: Configuration): Promise<Entrant> {
  const bundle = `/ort/ort.${provider}.bundle.min.mjs`;
  const [ort, model] = await Promise.all([
    import(/* @vite-ignore */ bundle),
    describeModel(openUrlFolder(new URL(MODEL, location.href))),
  ]);
  ort.env.wasm.wasmPaths = "/ort/";
  // Its default is half of the cores.
  ort.env.wasm.numThreads = Math.min(4, navigator.hardwareConcurrency);
  ort.env.logLevel = "error";
  const session = await ort.InferenceSession.create(`/onnx/${dtype}.onnx`, {
    executionProviders: [provider],
    freeDimensionOverrides: { batch_size: 1 },
  });
  const { imageWidth, imageHeight } = model.architecture;
  const shape = [1, 3, imageHeight, imageWidth];
  const pixels = normalisedPixels(model, [picture]);
  return {
    name: `ort ${provider} ${dtype}`,
    async run() {
      const { logits } = await session.run({ pixel_values: new ort.Tensor("float32", pixels, shape) });
      return [logits.data];
    },
  };
}

const query = new URLSearchParams(location.search);
const peers = query.get("peers");
const first = query.get("first");
const vit8Race = peers
  ? steady(JSON.parse(peers), Number(query.get("rounds")))
  : firstLabel(first ? JSON.parse(first) : undefined);
Object.assign(globalThis, { vit8Race });

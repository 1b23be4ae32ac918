// What bench/race.mjs runs in a tab: vit8 and ONNX Runtime Web on the same weights and the same pixels.
// `?peers=[...]&rounds=5` is the steady state, `?first` or `?first={...}` the way to the first label; `&device=cpu` takes vit8 there.

import { madeUpPicture, normalisedPixels } from "../../src/bench/pixels.ts";
import { type Race, race } from "../../src/bench/race.ts";
import { type Agreement, agreementOf } from "../../src/bench/score.ts";
import { topClasses } from "../../src/classifier/answer.ts";
import { describeModel } from "../../src/classifier/model.ts";
import { openUrlFolder } from "../../src/format/url-folder.ts";
import { ImageClassifier } from "../../src/index.ts";
import { type Configuration, type Entrant, type Feed, openOnnxWeb, wasmThreads } from "../peers/onnx-web.ts";

export interface Heat extends Race {
  readonly agreements: Readonly<Record<string, Agreement>>;
  /** What vit8 is called here. */
  readonly name: string;
  readonly adapter: string;
  /** Of the CPU, where anything runs on it. */
  readonly threads: { readonly vit8: number | undefined; readonly ort: number };
}

const MODEL = "/model";
const picture = madeUpPicture(1);

/** Steady state: everyone has run twice, then rounds of ours before each of theirs. */
async function steady(peers: readonly Configuration[], rounds: number): Promise<Heat> {
  const classifier = await ImageClassifier.load(new URL(MODEL, location.href), { device, maxBatch: 1 });
  const ours = {
    name: device === "cpu" ? "vit8 cpu int8" : "vit8 int8",
    run: () => classifier.logits([picture]),
  };
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
    name: ours.name,
    adapter: description || `${vendor} ${architecture}`,
    threads: { vit8: classifier.report.threads?.count, ort: wasmThreads() },
  };
}

/** The first label of a page that has loaded nothing yet, and the milliseconds since its navigation began. */
async function firstLabel(peer?: Configuration): Promise<{ label: string; ms: number }> {
  const label = peer ? await peerLabel(peer) : await ourLabel();
  return { label, ms: performance.now() };
}

async function ourLabel(): Promise<string> {
  const classifier = await ImageClassifier.load(new URL(MODEL, location.href), { device });
  return (await classifier.classify(picture))[0].label;
}

async function peerLabel(peer: Configuration): Promise<string> {
  const [runner, model] = await Promise.all([openPeer(peer), describeModel(openUrlFolder(MODEL))]);
  const [logits] = await runner.run();
  return topClasses(logits, model.labels, 1)[0].label;
}

function openPeer(peer: Configuration): Promise<Entrant> {
  return openOnnxWeb("/ort/", peer, `/onnx/${peer.dtype}.onnx`, feed());
}

async function feed(): Promise<Feed> {
  const model = await describeModel(openUrlFolder(new URL(MODEL, location.href)));
  const { width: imageWidth, height: imageHeight } = model.input;
  return { pixels: normalisedPixels(model, [picture]), shape: [1, 3, imageHeight, imageWidth] };
}

const query = new URLSearchParams(location.search);
const device = query.get("device") === "cpu" ? "cpu" : "webgpu";
const peers = query.get("peers");
const first = query.get("first");
const vit8Race = peers
  ? steady(JSON.parse(peers), Number(query.get("rounds")))
  : firstLabel(first ? JSON.parse(first) : undefined);
Object.assign(globalThis, { vit8Race });

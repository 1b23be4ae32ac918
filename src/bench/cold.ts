// What comes before the steady state: loading a model, and its first answer.

import { ImageClassifier } from "../index.ts";
import { madeUpFolder, SHAPES, type ShapeName } from "./made-up-model.ts";
import { madeUpPicture } from "./pixels.ts";
import { type Repeats, samplesOf, wallMs } from "./sampling.ts";
import { type Spread, spreadOf } from "./statistics.ts";

/** Each measured once: a browser keeps compiled shaders, so that a second time is not cold. Wall milliseconds. */
export interface Cold {
  /** Of fetching the files past every cache; absent where they were made up. */
  readonly downloadMs?: number;
  /** From bytes in memory to a classifier: a device opened, weights quantised and sent, shaders compiled, self-test. */
  readonly loadMs: number;
  /** The first picture after that. */
  readonly firstMs: number;
}

/** Of a shape with made-up weights. */
export async function coldOf(name: ShapeName, imageSize: number, signal: AbortSignal): Promise<Cold> {
  const { classifier, ...cold } = await coldStart(madeUpFolder(SHAPES[name], imageSize), signal);
  await classifier.dispose();
  return cold;
}

const FILES = ["config.json", "preprocessor_config.json", "model.safetensors"];

/** Of a model folder at an address, and its steady state. @throws TypeError when a file is not there. */
export async function coldOfFolder(
  address: URL,
  repeats: Repeats,
  signal: AbortSignal,
): Promise<Cold & { ms: Spread }> {
  const files: Record<string, Uint8Array> = {};
  const downloadMs = await wallMs(async () => {
    for (const name of FILES) {
      const response = await fetch(new URL(name, address), { cache: "no-store", signal });
      if (!response.ok) throw new TypeError(`${response.url}: expected a file, came ${response.status}`);
      files[name] = new Uint8Array(await response.arrayBuffer());
    }
  });
  const { classifier, ...cold } = await coldStart(files, signal);
  const picture = madeUpPicture(0);
  const steady = () => wallMs(() => classifier.logits(picture));
  const { values } = await samplesOf(steady, repeats, signal).finally(() => classifier.dispose());
  return { downloadMs, ...cold, ms: spreadOf(values) };
}

async function coldStart(files: Record<string, string | Uint8Array>, signal: AbortSignal) {
  const start = performance.now();
  const classifier = await ImageClassifier.load(files, { device: "webgpu", signal });
  const loaded = performance.now();
  await classifier.logits(madeUpPicture(0));
  return { classifier, loadMs: loaded - start, firstMs: performance.now() - loaded };
}

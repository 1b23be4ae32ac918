// The time before the steady state: loading a model, and its first prediction.

import { type DeviceChoice, ImageClassifier } from "../index.ts";
import { madeUpFolder, SHAPES, type ShapeName } from "./made-up-model.ts";
import type { ModelRow } from "./models.ts";
import { madeUpPicture } from "./pixels.ts";
import { type Repeats, samplesOf, wallMs } from "./sampling.ts";
import { type Spread, spreadOf } from "./statistics.ts";

/** Each measured once: a browser keeps compiled shaders, so that a second time is not cold. Wall milliseconds. */
export interface Cold {
  /** Time of downloading the files without caches; undefined for synthetic weights. */
  readonly downloadMs?: number;
  /** From bytes in memory to a classifier: a device opened, weights quantized and sent, shaders compiled, self-test. */
  readonly loadMs: number;
  /** The first image after that. */
  readonly firstMs: number;
}

/** For a shape with synthetic weights. */
export async function coldOf(name: ShapeName, imageSize: number, signal: AbortSignal): Promise<Cold> {
  const { classifier, ...cold } = await coldStart(madeUpFolder(SHAPES[name], imageSize), "webgpu", signal);
  await classifier.dispose();
  return cold;
}

/** A row of the CPU for each batch; the first row also has the cold start. */
export async function* modelOnCpu(
  name: ShapeName,
  imageSize: number,
  batches: readonly number[],
  repeats: Repeats,
  signal: AbortSignal,
): AsyncGenerator<Partial<Cold> & OnCpu> {
  let { classifier, ...cold }: Partial<Cold> & Started = await coldStart(
    madeUpFolder(SHAPES[name], imageSize),
    "cpu",
    signal,
  );
  try {
    for (const batch of batches) {
      const pictures = Array.from({ length: batch }, (_, i) => madeUpPicture(i));
      await classifier.logits(pictures, { signal });
      const { values, discarded } = await samplesOf(
        () => wallMs(() => classifier.logits(pictures, { signal })),
        repeats,
        signal,
      );
      const ms = spreadOf(values);
      const { threads, gpuBytes } = classifier.report;
      const row = { model: name, imageSize, batch, ms, discarded, gpuBytes };
      yield { ...cold, ...row, imagesPerSecond: (batch * 1000) / ms.median, threads: threads?.count };
      cold = {};
    }
  } finally {
    await classifier.dispose();
  }
}

type Started = Pick<Awaited<ReturnType<typeof coldStart>>, "classifier">;

interface OnCpu extends ModelRow {
  readonly threads: number | undefined;
}

const FILES = ["config.json", "preprocessor_config.json", "model.safetensors"];

/** For a model folder at a URL, with its steady state. @throws TypeError if a file is missing */
export async function coldOfFolder(
  address: URL,
  repeats: Repeats,
  device: DeviceChoice,
  signal: AbortSignal,
): Promise<Cold & { ms: Spread }> {
  const files: Record<string, Uint8Array> = {};
  const downloadMs = await wallMs(async () => {
    for (const name of FILES) {
      const response = await fetch(new URL(name, address), { cache: "no-store", signal });
      if (!response.ok)
        throw new TypeError(
          `${response.url}: expected a file, got status ${response.status}. Check the URL of the model folder.`,
        );
      files[name] = new Uint8Array(await response.arrayBuffer());
    }
  });
  const { classifier, ...cold } = await coldStart(files, device, signal);
  const picture = madeUpPicture(0);
  const steady = () => wallMs(() => classifier.logits(picture));
  const { values } = await samplesOf(steady, repeats, signal).finally(() => classifier.dispose());
  return { downloadMs, ...cold, ms: spreadOf(values) };
}

async function coldStart(
  files: Record<string, string | Uint8Array>,
  device: DeviceChoice,
  signal: AbortSignal,
) {
  const start = performance.now();
  const classifier = await ImageClassifier.load(files, { device, signal });
  const loaded = performance.now();
  await classifier.logits(madeUpPicture(0));
  return { classifier, loadMs: loaded - start, firstMs: performance.now() - loaded };
}

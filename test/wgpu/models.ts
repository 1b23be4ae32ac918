// Whole models on this WebGPU, through the public face, against a forward pass in f64 and against the CPU.

import { readFile } from "node:fs/promises";
import {
  forward,
  madeUpPicture,
  madeUpTensors,
  PLAIN,
  timmFiles,
} from "../../src/classifier/made-up-vit.shared.ts";
import { ImageClassifier, type LoadOptions } from "../../src/index.ts";

type Precision = NonNullable<LoadOptions["precision"]>;

/** |got - expected| / |expected| of the logits; the reasons are in src/classifier/image-classifier.test.ts. */
const BOUNDS: Record<Precision, number> = { int8: 0.03, float32: 1e-5 };

export async function faultOfModel(precision: Precision): Promise<string | undefined> {
  const tensors = madeUpTensors(PLAIN);
  const picture = madeUpPicture(PLAIN);
  const classifier = await ImageClassifier.load(timmFiles(PLAIN, tensors), { device: "webgpu", precision });
  try {
    const got = await classifier.logits(picture);
    const expected = forward(PLAIN, tensors, picture.rgba).logits;
    const distance = Math.hypot(...expected.map((logit, i) => logit - got[i])) / Math.hypot(...expected);
    return distance < BOUNDS[precision] ? undefined : `logits are off by ${distance} of their length`;
  } finally {
    await classifier.dispose();
  }
}

/** The bundled model has the same logits here as on the CPU, except for rounding, and the same top-1 label. */
export async function faultOfBundled(root: string): Promise<string | undefined> {
  const names = ["config.json", "preprocessor_config.json", "model.safetensors"];
  const read = async (name: string) => [name, await readFile(`${root}/models/everyday80/${name}`)];
  const files = Object.fromEntries(await Promise.all(names.map(read)));
  const picture = madeUpPicture({ ...PLAIN, side: 224 });
  const [here, onCpu] = await Promise.all(
    (["webgpu", "cpu"] as const).map(async (device) => {
      const classifier = await ImageClassifier.load(files, { device });
      const [best] = await classifier.classify(picture);
      const logits = await classifier.logits(picture);
      await classifier.dispose();
      return { label: best.label, logits };
    }),
  );
  if (here.label !== onCpu.label) return `says ${here.label}, the CPU ${onCpu.label}`;
  const distance = Math.hypot(...here.logits.map((v, i) => v - onCpu.logits[i])) / Math.hypot(...here.logits);
  // f32's last bits differ, and values near a tie become neighboring int8: 0.004 seen, int8 itself is off by up to 0.03.
  return distance < 0.015 ? undefined : `logits are off by ${distance} of their length from the CPU's`;
}

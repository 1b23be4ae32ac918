// A whole model on this WebGPU, through the public face, against its forward pass in f64.

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
  const classifier = await ImageClassifier.load(timmFiles(PLAIN, tensors), { precision });
  try {
    const got = await classifier.logits(picture);
    const expected = forward(PLAIN, tensors, picture.rgba).logits;
    const distance = Math.hypot(...expected.map((logit, i) => logit - got[i])) / Math.hypot(...expected);
    return distance < BOUNDS[precision] ? undefined : `logits are off by ${distance} of their length`;
  } finally {
    await classifier.dispose();
  }
}

// int8 against float on synthetic CLIP and SigLIP models: which of two labels is more probable for an image.

import { expect, test } from "vitest";
import { ZeroShotClassifier } from "../../src/node/index.ts";
import { seeded } from "../../src/testing/cases.ts";

const here = new URL("./zero-shot/", import.meta.url).pathname;
const WORDS = "red blue old small wooden cat dog car house river tree on in with of many two".split(" ");
const [IMAGES, TEXTS, PAIRS] = [50, 60, 1000];

const { f32 } = seeded(7);
const random = () => (f32(1)[0] + 1) / 2;
const below = (n: number) => Math.floor(random() * n);
/** Waves of one color each, which the models distinguish better than noise. */
const images = Array.from({ length: IMAGES }, () => {
  const waves = [0, 1, 2].map(() => [random() * 0.6, random() * 0.6, random() * 6]);
  const rgba = new Uint8ClampedArray(32 * 32 * 4).fill(255);
  for (let i = 0; i < 32 * 32; i++)
    for (const [c, [x, y, at]] of waves.entries())
      rgba[4 * i + c] = 127 + 120 * Math.sin(x * (i % 32) + y * (i >> 5) + at);
  return { width: 32, height: 32, rgba };
});
const texts = Array.from({ length: TEXTS }, () =>
  Array.from({ length: 1 + below(5) }, () => WORDS[below(WORDS.length)]).join(" "),
);
const pairs = Array.from({ length: PAIRS }, () => {
  const first = below(TEXTS);
  return { image: below(IMAGES), first, second: (first + 1 + below(TEXTS - 1)) % TEXTS };
});

async function logitsOf(name: string, precision: "float32" | "int8"): Promise<Float32Array[]> {
  const classifier = await ZeroShotClassifier.load(here + name, { device: "cpu", precision });
  try {
    const labels = await classifier.embedText(texts);
    return (await classifier.embedImage(images)).map((image) => classifier.logits(image, labels));
  } finally {
    await classifier.dispose();
  }
}

test.each(["clip", "clip-files", "siglip", "siglip2", "siglip-long"])(
  "%s: 99 of 100 pairs have the same best label",
  async (name) => {
    const [float, int8] = [await logitsOf(name, "float32"), await logitsOf(name, "int8")];
    const margins = pairs.map(({ image, first, second }) => ({
      float: float[image][first] - float[image][second],
      int8: int8[image][first] - int8[image][second],
    }));
    // A pair that float itself distinguishes by less than int8's usual error is not evidence about int8.
    const squares = margins.reduce((sum, { float, int8 }) => sum + (float - int8) ** 2, 0);
    const noise = 2 * Math.sqrt(squares / PAIRS);
    const clear = margins.filter(({ float }) => Math.abs(float) > noise);
    const same = clear.filter(({ float, int8 }) => float > 0 === int8 > 0);
    if (process.env.GOLDENS_TABLE) console.log(name, { noise, clear: clear.length, same: same.length });
    expect(clear.length).toBeGreaterThan(PAIRS / 2);
    expect(same.length / clear.length).toBeGreaterThanOrEqual(0.99);
  },
);

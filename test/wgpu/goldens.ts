// Models that transformers and timm saved, one of each family, on this WebGPU: close to the library's output (test/goldens).

import { readdir, readFile } from "node:fs/promises";
import { openSafetensors, toFloat32 } from "../../src/format/safetensors.ts";
import { ImageClassifier } from "../../src/index.ts";
import { LEAST_COSINE, ONE_OF_EACH } from "../goldens/one-of-each.ts";

/** @param rgba of image.png, 75x53 */
export async function faultOfGolden(
  root: string,
  name: string,
  rgba: Uint8Array<ArrayBuffer>,
): Promise<string | undefined> {
  const folder = `${root}/test/goldens/models/${name}`;
  const read = async (file: string) => [file, await readFile(`${folder}/${file}`)] as const;
  const { "expected.safetensors": golden, ...files } = Object.fromEntries(
    await Promise.all((await readdir(folder)).map(read)),
  );
  const classifier = await ImageClassifier.load(files, { device: "webgpu", autotune: false });
  try {
    const picture = { width: 75, height: 53, rgba };
    const output = ONE_OF_EACH[name];
    const came = await (output === "logits" ? classifier.logits(picture) : classifier.embed(picture));
    const near = cosine(came, await tensorOf(golden, output));
    return near > LEAST_COSINE ? undefined : `expected a cosine above ${LEAST_COSINE}, got ${near}`;
  } finally {
    await classifier.dispose();
  }
}

async function tensorOf(file: Uint8Array<ArrayBuffer>, name: string): Promise<Float32Array> {
  const { tensors } = await openSafetensors({ stream: new Blob([file]).stream(), byteLength: file.length });
  for await (const { entry, bytes } of tensors()) if (entry.name === name) return toFloat32(entry, bytes);
  throw new Error(`expected.safetensors: expected a tensor ${name}`);
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  return a.length === b.length ? dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)) : Number.NaN;
}
